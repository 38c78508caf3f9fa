package org.openkas.cli;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Open Liberty inside this process, through its embeddable kernel ({@code com.ibm.wsspi.kernel.embeddable}). That API is
 * in no Maven repository, so it is called by name; its jar is on the class path that {@code lib/openkas.jar} names.
 */
final class Liberty {
    private static final String BUILDER = "com.ibm.wsspi.kernel.embeddable.ServerBuilder";
    private static final String SERVER = "com.ibm.wsspi.kernel.embeddable.Server";
    private static final String RESULT = SERVER + "$Result";
    private static final String NAME = "openkas";

    private final Object server;

    private Liberty(Object server) {
        this.server = server;
    }

    /** Gives {@code java.util.logging} to Open Liberty, before any library uses it: it can be given away only once. */
    static void ownLogging() {
        System.setProperty("java.util.logging.manager", "com.ibm.ws.kernel.boot.logging.WsLogManager");
    }

    /**
     * A server that has not started.
     *
     * @param install the runtime, which is only read
     * @param output where the server writes
     */
    static Liberty in(Path install, Path output) throws AbortedException {
        try {
            Class<?> type = Class.forName(BUILDER);
            Object builder = type.getConstructor().newInstance();
            type.getMethod("setName", String.class).invoke(builder, NAME);
            type.getMethod("setUserDir", File.class).invoke(builder, install.resolve("usr").toFile());
            type.getMethod("setOutputDir", File.class).invoke(builder, output.toFile());
            return new Liberty(type.getMethod("build").invoke(builder));
        } catch (ReflectiveOperationException e) {
            throw failure(e);
        }
    }

    /** Starts, with these variables for {@code server.xml} and the kernel; returns when the server and its application are up. */
    void start(Map<String, String> variables) throws AbortedException, InterruptedException {
        try {
            Method start = Class.forName(SERVER).getMethod("start", Map.class, String[].class);
            Object result = ((Future<?>) start.invoke(server, variables, new String[0])).get();
            check(result);
        } catch (ReflectiveOperationException | ExecutionException e) {
            throw failure(e);
        }
    }

    /** Stops, waiting no longer than {@code limit}. */
    void stop(Duration limit) throws AbortedException, InterruptedException {
        try {
            Method stop = Class.forName(SERVER).getMethod("stop", String[].class);
            ((Future<?>) stop.invoke(server, (Object) new String[0])).get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ReflectiveOperationException | ExecutionException e) {
            throw failure(e);
        } catch (TimeoutException e) {
            throw new AbortedException("Open Liberty did not stop within " + limit.toSeconds() + " s", e);
        }
    }

    private static void check(Object result) throws ReflectiveOperationException, AbortedException {
        Class<?> type = Class.forName(RESULT);
        if (Boolean.TRUE.equals(type.getMethod("successful").invoke(result))) {
            return;
        }
        Object exception = type.getMethod("getException").invoke(result);
        throw new AbortedException("Open Liberty did not start: "
                + (exception instanceof Exception e ? e.getMessage() : "return code " + type.getMethod("getReturnCode").invoke(result)));
    }

    private static AbortedException failure(Exception e) {
        Throwable cause = e instanceof InvocationTargetException || e instanceof ExecutionException ? e.getCause() : e;
        return new AbortedException("Open Liberty: " + (cause == null ? e : cause), e);
    }
}
