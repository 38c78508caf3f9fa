package org.openkas.cli;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;

/**
 * The process's termination signals. Java has no public API for them; the JDK's supported one is reached by reflection,
 * since the compiler warns of any other use.
 */
final class Signals {
    private Signals() {
    }

    /** Runs {@code action}, which must return at once, on each SIGTERM and SIGINT; the JVM does nothing of its own any more. */
    static void onTermination(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            MethodHandle run = MethodHandles.lookup().findVirtual(Runnable.class, "run", MethodType.methodType(void.class)).bindTo(action);
            Object handle = MethodHandleProxies.asInterfaceInstance(handler, MethodHandles.dropArguments(run, 0, signal));
            for (String name : List.of("TERM", "INT")) {
                signal.getMethod("handle", signal, handler).invoke(null, signal.getConstructor(String.class).newInstance(name), handle);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM does not let the server handle signals: use a HotSpot JDK 25", e);
        }
    }
}
