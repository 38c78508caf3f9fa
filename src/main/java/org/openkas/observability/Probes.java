package org.openkas.observability;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The checks behind liveness and readiness (chapter 05 §11). Rooms register theirs by name while the server is built; both
 * the KAS endpoint and MicroProfile Health ask here. Thread-safe.
 */
public final class Probes {

    /** One check. May block for a while, never for ever; an exception counts as a failure with its text. */
    @FunctionalInterface
    public interface Check {
        /** What is wrong, if anything is. */
        Optional<String> failure() throws Exception;
    }

    /** A check that fails with {@code not ready yet} until told otherwise. */
    public static final class Toggle implements Check {
        private final AtomicBoolean ready = new AtomicBoolean();

        private Toggle() {
        }

        /** What the check stands for is there from now on. */
        public void ready() {
            ready.set(true);
        }

        @Override
        public Optional<String> failure() {
            return ready.get() ? Optional.empty() : Optional.of("not ready yet");
        }
    }

    private final Map<String, Check> liveness = new ConcurrentSkipListMap<>();
    private final Map<String, Check> readiness = new ConcurrentSkipListMap<>();
    private final Map<String, Check> advice = new ConcurrentSkipListMap<>();
    private final AtomicBoolean started = new AtomicBoolean();

    /** The process must be started anew when this check fails. */
    public void liveness(String name, Check check) {
        liveness.put(name, check);
    }

    /** The server should get no new work while this check fails. */
    public void readiness(String name, Check check) {
        readiness.put(name, check);
    }

    /** The server is not ready until the toggle is set, as a listener does when it is bound. */
    public Toggle readinessToggle(String name) {
        Toggle toggle = new Toggle();
        readiness(name, toggle);
        return toggle;
    }

    /** A failure of this check is shown by MicroProfile Health, but takes nothing out of service. */
    public void advice(String name, Check check) {
        advice.put(name, check);
    }

    /** {@code <name>: <reason>} of the first liveness check that fails. */
    public Optional<String> livenessFailure() {
        return firstFailure(liveness);
    }

    /** {@code <name>: <reason>} of the first readiness check that fails, by the order of their names. */
    public Optional<String> readinessFailure() {
        return firstFailure(readiness);
    }

    /** Like {@link #readinessFailure} until the server was ready once, from then on always fine. */
    public Optional<String> startupFailure() {
        if (started.get()) {
            return Optional.empty();
        }
        Optional<String> failure = readinessFailure();
        if (failure.isEmpty()) {
            started.set(true);
        }
        return failure;
    }

    /** {@code <name>: <reason>} of the first failing check that only advises. */
    public Optional<String> adviceFailure() {
        return firstFailure(advice);
    }

    private static Optional<String> firstFailure(Map<String, Check> checks) {
        return checks.entrySet().stream().flatMap(entry -> failure(entry.getValue()).map(reason -> entry.getKey() + ": " + reason).stream())
                .findFirst();
    }

    private static Optional<String> failure(Check check) {
        try {
            return check.failure();
        } catch (Exception e) {
            String text = e.getMessage();
            return Optional.of(text == null || text.isEmpty() ? e.getClass().getName() : text);
        }
    }
}
