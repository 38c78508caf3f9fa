package org.openkas.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

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
            Object handle = Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[]{handler}, (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                    action.run();
                    return null;
                }
                return method.getName().equals("equals") ? proxy == arguments[0] : method.getName().hashCode();
            });
            for (String name : new String[]{"TERM", "INT"}) {
                signal.getMethod("handle", signal, handler).invoke(null, signal.getConstructor(String.class).newInstance(name), handle);
            }
        } catch (ReflectiveOperationException e) {
            Throwable cause = e instanceof InvocationTargetException invocation ? invocation.getTargetException() : e;
            throw new IllegalStateException("this JVM does not let the server handle signals: use a HotSpot JDK 25", cause);
        }
    }
}
