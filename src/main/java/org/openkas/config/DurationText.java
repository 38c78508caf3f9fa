package org.openkas.config;

import java.math.BigInteger;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Duration text: decimal seconds with up to nine fraction digits and the letter s (chapter 05 §3.3). */
final class DurationText {
    private static final Pattern FORM = Pattern.compile("([+-]?)(?:(0|[1-9]\\d*)(?:\\.(\\d{0,9}))?|\\.(\\d{1,9}))s");
    private static final int MAX_DIGITS = 18;
    private static final Duration MOST = Duration.ofDays(3_652_500);
    private static final Duration MOST_NANOSECONDS = Duration.ofNanos(Long.MAX_VALUE);

    private DurationText() {
    }

    /** What was found: a duration, a text of another form, or a duration out of range. */
    enum Fault {
        FORM, RANGE
    }

    /** Empty if {@code text} is a duration that can be used. */
    static Optional<Fault> fault(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.of(Fault.FORM);
        }
        if (new BigInteger("0" + group(matcher, 2)).bitLength() >= Long.SIZE) {
            return Optional.of(Fault.FORM); // as the reference cannot read it
        }
        boolean inRange = group(matcher, 2).length() <= MAX_DIGITS && magnitude(matcher).compareTo(MOST) <= 0;
        return inRange ? Optional.empty() : Optional.of(Fault.RANGE);
    }

    /** The duration; never longer than fits into 64 bits of nanoseconds (292 years), so that nobody need fear an overflow. */
    static Duration parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a duration: " + text);
        }
        Duration magnitude = magnitude(matcher);
        Duration usable = magnitude.compareTo(MOST_NANOSECONDS) > 0 ? MOST_NANOSECONDS : magnitude;
        return group(matcher, 1).equals("-") ? usable.negated() : usable;
    }

    /** The text of {@code duration}, as {@link #parse} reads it. */
    static String show(Duration duration) {
        String fraction = duration.getNano() == 0 ? "" : "." + "%09d".formatted(duration.getNano()).replaceAll("0+$", "");
        return duration.getSeconds() + fraction + "s";
    }

    private static Duration magnitude(Matcher matcher) {
        String whole = group(matcher, 2);
        String fraction = group(matcher, 3) + group(matcher, 4);
        String nanoseconds = fraction + "0".repeat(9 - fraction.length());
        return Duration.ofSeconds(whole.isEmpty() ? 0 : Long.parseLong(whole), Long.parseLong(nanoseconds));
    }

    private static String group(Matcher matcher, int group) {
        return matcher.group(group) == null ? "" : matcher.group(group);
    }
}
