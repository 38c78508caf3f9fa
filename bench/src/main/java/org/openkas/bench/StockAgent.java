package org.openkas.bench;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.openkas.testkit.FakeKubernetes;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Program;

/** GitLab's own agent, which {@code AGENTK_BIN} names, over WebSocket, with a cluster that answers as the simulated agent does. */
final class StockAgent implements AutoCloseable {
    private static final String PROGRAM = "AGENTK_BIN";
    private static final int SMALL = 1 << 10;
    private static final int PART = 32 << 10;

    private final FakeKubernetes cluster;
    private final Program agent;

    /** Started, but maybe not connected yet. */
    StockAgent(Path directory, int port, String token) throws IOException {
        String program = System.getenv(PROGRAM);
        if (program == null) {
            throw new IllegalArgumentException(PROGRAM + " has to name a stock agentk");
        }
        cluster = new FakeKubernetes(Map.of("/small", StockAgent::small, "/bytes", StockAgent::bytes, "/sink", StockAgent::small));
        Path file = Files.writeString(directory.resolve("agent-token"), token);
        agent = Program.run(List.of(program, "--kas-address=ws://127.0.0.1:" + port, "--token-file=" + file,
                "--kubeconfig=" + cluster.kubeconfig(directory.resolve("kubeconfig")), "--cache-dir=" + directory.resolve("cache"),
                "--observability-listen-address=127.0.0.1:" + FreePorts.some(1).getFirst()),
                Map.of("POD_NAMESPACE", "gitlab-agent", "POD_NAME", "stock", "SERVICE_ACCOUNT_NAME", "gitlab-agent"));
    }

    /** Takes the body and answers 1 KiB. */
    private static void small(HttpExchange exchange) {
        try (exchange; InputStream body = exchange.getRequestBody()) {
            body.transferTo(OutputStream.nullOutputStream());
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, SMALL);
            exchange.getResponseBody().write(new byte[SMALL]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Flows until the client goes. */
    private static void bytes(HttpExchange exchange) {
        byte[] part = new byte[PART];
        try (exchange) {
            exchange.sendResponseHeaders(200, 0);
            while (true) {
                exchange.getResponseBody().write(part);
            }
        } catch (IOException e) {
            // the client has seen enough
        }
    }

    @Override
    public void close() {
        agent.close();
        cluster.close();
    }
}
