package org.openkas.tracing;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A span as other processes know it: W3C Trace Context. Immutable.
 *
 * @param traceId 32 lower-case hexadecimal digits, not all zero
 * @param spanId 16 such digits, not all zero
 * @param sampled whether somebody keeps the trace
 * @param state the {@code tracestate} of others, as they sent it; empty for none
 */
public record TraceContext(String traceId, String spanId, boolean sampled, String state) {
    /** Name of the header that says which span a request belongs to. */
    public static final String TRACEPARENT = "traceparent";
    /** Name of the header for what others keep with a trace. */
    public static final String TRACESTATE = "tracestate";
    /** Name of the header for what callers want to be told onwards. */
    public static final String BAGGAGE = "baggage";

    private static final Pattern FORM = Pattern.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");
    private static final Pattern ZEROS = Pattern.compile("0+");
    private static final int LONGEST_STATE = 512;
    private static final int LONGEST_BAGGAGE = 8192;

    /**
     * A trace id as the value of a log field: prints as its text.
     *
     * @param text the id
     * @param sampled whether somebody keeps the trace
     */
    public record Id(String text, boolean sampled) {
        @Override
        public String toString() {
            return text;
        }
    }

    /** What the headers say; empty where they say nothing that can be understood. A faulty state does not count. */
    public static Optional<TraceContext> parse(@Nullable String traceparent, @Nullable String tracestate) {
        if (traceparent == null) {
            return Optional.empty();
        }
        Matcher matcher = FORM.matcher(traceparent);
        if (!matcher.matches() || matcher.group(1).equals("ff") || (matcher.group(1).equals("00") && matcher.group(5) != null)
                || ZEROS.matcher(matcher.group(2)).matches() || ZEROS.matcher(matcher.group(3)).matches()) {
            return Optional.empty();
        }
        boolean sampled = (Integer.parseInt(matcher.group(4), 16) & 1) != 0;
        return Optional.of(new TraceContext(matcher.group(2), matcher.group(3), sampled, visible(tracestate, LONGEST_STATE)));
    }

    /** Baggage that can be told onwards; empty if there is none, or what is there is no header value. */
    public static String baggage(@Nullable String header) {
        return visible(header, LONGEST_BAGGAGE);
    }

    private static String visible(@Nullable String text, int most) {
        return text != null && text.length() <= most && text.chars().allMatch(c -> c >= 0x20 && c < 0x7f) ? text.strip() : "";
    }

    /** The value of the header {@value #TRACEPARENT}. */
    public String traceparent() {
        return "00-" + traceId + "-" + spanId + (sampled ? "-01" : "-00");
    }

    /** The trace's id for a log line. */
    public Id id() {
        return new Id(traceId, sampled);
    }
}
