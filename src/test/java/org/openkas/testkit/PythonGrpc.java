package org.openkas.testkit;

import io.grpc.Metadata;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** A client of another family: Python over gRPC's C core, which GitLab's Ruby client stands on too. */
public final class PythonGrpc {
    private static final Path SCRIPT = Path.of("src/test/resources/testkit/call.py");

    private PythonGrpc() {
    }

    /** Whether {@code python3} with {@code grpcio} is installed. */
    public static boolean available() {
        try {
            return run(List.of("python3", "-c", "import grpc")).code() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Makes a call.
     *
     * @param target as the C core takes it
     * @param ca PEM of the trusted authority, or {@code -} for cleartext
     * @param compression {@code identity} or {@code gzip}
     * @return {@code OK <hex>} or {@code <CODE> <details>}
     */
    public static String call(String target, String ca, String compression, String method, byte[] request, Metadata headers)
            throws IOException {
        List<String> command = new ArrayList<>(
                List.of("python3", SCRIPT.toString(), target, ca, compression, "/" + method, HexFormat.of().formatHex(request)));
        for (String key : headers.keys()) {
            for (String value : headers.getAll(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER))) {
                command.addAll(List.of(key, value));
            }
        }
        return run(command).output().strip();
    }

    private record Result(int code, String output) {
    }

    private static Result run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            return new Result(process.waitFor(), output);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
