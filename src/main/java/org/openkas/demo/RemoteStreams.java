package org.openkas.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** The streams of a process in a pod, to and from a client. Closing ends the connection. */
interface RemoteStreams extends AutoCloseable {
    /** What the client types; empty if it types nothing. */
    InputStream input();

    /** What the process prints. */
    OutputStream output();

    /** What the process complains of; the same as the output on a terminal. */
    OutputStream errors();

    /** Tells how the process ended. */
    void end(int exitCode) throws IOException;

    @Override
    void close() throws IOException;

    /** The Status object that tells of an end. */
    static byte[] statusOf(int exitCode) {
        return Json.bytes(exitCode == 0
                ? Json.of("{'metadata':{},'status':'Success'}")
                : Json.of("""
                        {'metadata':{},'status':'Failure','reason':'NonZeroExitCode',
                        'message':'command terminated with non-zero exit code: exit status %d',
                        'details':{'causes':[{'reason':'ExitCode','message':'%d'}]}}""".formatted(exitCode, exitCode)));
    }
}
