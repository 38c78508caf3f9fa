package org.openkas.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.openkas.common.Timers;

/** Logs of a pod, programs in it, and ways to its ports: the subresources that kubectl uses. Thread-safe. */
final class PodRequests {
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);
    private static final List<String> PROCESS_PROTOCOLS = List.of("v5.channel.k8s.io", "v4.channel.k8s.io");
    private static final String TUNNELLED = "SPDY/3.1+portforward.k8s.io";

    private final ObjectStore store;
    private final PodLogs logs;
    private final PodFiles files;
    private final Timers timers;

    PodRequests(ObjectStore store, PodLogs logs, PodFiles files, Timers timers) {
        this.store = store;
        this.logs = logs;
        this.files = files;
        this.timers = timers;
    }

    /** Serves {@code .../pods/NAME/log}. */
    void log(ApiExchange exchange, String namespace, String name) throws IOException, ApiFailure, InterruptedException {
        ObjectNode pod = store.get(Kind.POD, namespace, name);
        container(exchange, pod);
        if (exchange.flag("previous")) {
            throw ApiFailure.bad("previous terminated container of pod \"" + name + "\" not found");
        }
        if (Json.text(pod, "status", "phase").equals("Pending")) {
            throw ApiFailure.bad("container of pod \"" + name + "\" is waiting to start: ContainerCreating");
        }
        String uid = Json.text(pod, "metadata", "uid");
        List<PodLogs.Line> lines = chosen(exchange, logs.lines(uid));
        boolean timestamps = exchange.flag("timestamps");
        try (OutputStream out = exchange.stream("text/plain")) {
            long seen = lines.isEmpty() ? -1 : lines.getLast().number();
            write(out, lines, timestamps);
            while (exchange.flag("follow") && running(namespace, name, uid)) {
                List<PodLogs.Line> more = logs.after(uid, seen, LOOK_AGAIN);
                seen = more.isEmpty() ? seen : more.getLast().number();
                write(out, more, timestamps);
            }
        }
    }

    private boolean running(String namespace, String name, String uid) {
        return store.find(Kind.POD, namespace, name).filter(pod -> Json.text(pod, "metadata", "uid").equals(uid))
                .filter(pod -> Json.text(pod, "status", "phase").equals("Running")).isPresent();
    }

    private List<PodLogs.Line> chosen(ApiExchange exchange, List<PodLogs.Line> all) {
        String since = exchange.parameter("sinceSeconds");
        Instant from = since.matches("\\d{1,9}") ? timers.now().minusSeconds(Long.parseLong(since)) : Instant.MIN;
        List<PodLogs.Line> lines = all.stream().filter(line -> !line.time().isBefore(from)).toList();
        String tail = exchange.parameter("tailLines");
        return tail.matches("\\d{1,9}") ? lines.subList(Math.max(0, lines.size() - Integer.parseInt(tail)), lines.size()) : lines;
    }

    private static void write(OutputStream out, List<PodLogs.Line> lines, boolean timestamps) throws IOException {
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(timestamps ? line.time() + " " : "").append(line.text()).append('\n'));
        out.write(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static void container(ApiExchange exchange, ObjectNode pod) throws ApiFailure {
        String wanted = exchange.parameter("container");
        for (var container : pod.at("/spec/containers")) {
            if (wanted.isEmpty() || container.path("name").asText().equals(wanted)) {
                return;
            }
        }
        throw ApiFailure.bad("container " + wanted + " is not valid for pod " + Json.text(pod, "metadata", "name"));
    }

    private ObjectNode runningPod(ApiExchange exchange, String namespace, String name) throws ApiFailure {
        ObjectNode pod = store.get(Kind.POD, namespace, name);
        container(exchange, pod);
        if (!Json.text(pod, "status", "phase").equals("Running")) {
            throw ApiFailure.bad("pod " + name + " does not run");
        }
        return pod;
    }

    /** Serves {@code .../pods/NAME/exec}. */
    void exec(ApiExchange exchange, String namespace, String name) throws IOException, ApiFailure, InterruptedException {
        ObjectNode pod = runningPod(exchange, namespace, name);
        List<String> command = new ArrayList<>(exchange.parameters("command"));
        if (command.isEmpty()) {
            throw ApiFailure.bad("you must specify at least one command for the container");
        }
        try (RemoteStreams streams = open(exchange)) {
            streams.end(shell(exchange, pod, command, streams));
        }
    }

    private int shell(ApiExchange exchange, ObjectNode pod, List<String> command, RemoteStreams streams)
            throws IOException, InterruptedException {
        boolean terminal = exchange.flag("tty");
        String name = Json.text(pod, "metadata", "name");
        ToyFiles own = files.of(Json.text(pod, "metadata", "uid"), name);
        OutputStream out = terminal ? Terminal.screen(streams.output()) : streams.output();
        ToyCommands.Streams ends = terminal
                ? new ToyCommands.Streams(new Terminal(streams.input(), out), out, out)
                : new ToyCommands.Streams(streams.input(), out, streams.errors());
        return new ToyShell(new ToyCommands(own, name, timers), own, ends).run(command, terminal);
    }

    /** Serves {@code .../pods/NAME/attach}: a shell where the container takes input, else what it prints. */
    void attach(ApiExchange exchange, String namespace, String name) throws IOException, ApiFailure, InterruptedException {
        ObjectNode pod = runningPod(exchange, namespace, name);
        try (RemoteStreams streams = open(exchange)) {
            if (pod.at("/spec/containers/0/stdin").asBoolean()) {
                streams.end(shell(exchange, pod, List.of("sh"), streams));
                return;
            }
            String uid = Json.text(pod, "metadata", "uid");
            List<PodLogs.Line> lines = logs.lines(uid);
            long seen = lines.isEmpty() ? -1 : lines.getLast().number();
            OutputStream out = exchange.flag("tty") ? Terminal.screen(streams.output()) : streams.output();
            while (running(namespace, name, uid)) {
                List<PodLogs.Line> more = logs.after(uid, seen, LOOK_AGAIN);
                seen = more.isEmpty() ? seen : more.getLast().number();
                write(out, more, false);
            }
            streams.end(0);
        }
    }

    private static RemoteStreams open(ApiExchange exchange) throws IOException, ApiFailure, InterruptedException {
        boolean terminal = exchange.flag("tty");
        String upgrade = exchange.head().value("Upgrade").orElse("");
        if (upgrade.equalsIgnoreCase("websocket")) {
            String protocol = agreed(exchange.head().members("Sec-WebSocket-Protocol"), PROCESS_PROTOCOLS);
            return new WebSocketStreams(webSocket(exchange, protocol), terminal, exchange.flag("stdin"));
        }
        if (!upgrade.equalsIgnoreCase("SPDY/3.1")) {
            throw ApiFailure.bad("Upgrade request required");
        }
        String protocol = agreed(exchange.head().members("X-Stream-Protocol-Version"), PROCESS_PROTOCOLS.subList(1, 2));
        Set<String> expected = new LinkedHashSet<>(Set.of("error"));
        for (String stream : List.of("stdin", "stdout", "stderr")) {
            if (exchange.flag(stream) && !(terminal && stream.equals("stderr"))) {
                expected.add(stream);
            }
        }
        return new SpdyStreams(exchange.upgrade("SPDY/3.1", "X-Stream-Protocol-Version", protocol), expected, terminal);
    }

    private static String agreed(List<String> offered, List<String> known) throws ApiFailure {
        return known.stream().filter(offered::contains).findFirst()
                .orElseThrow(() -> new ApiFailure(403, "Forbidden", "unable to negotiate protocol: client supports " + offered
                        + ", server accepts " + known));
    }

    private static ApiExchange.Upgraded webSocket(ApiExchange exchange, String protocol) throws IOException, ApiFailure {
        String key = exchange.head().value("Sec-WebSocket-Key").orElseThrow(() -> ApiFailure.bad("Sec-WebSocket-Key is missing"));
        return exchange.upgrade("websocket", "Sec-WebSocket-Accept", WebSocketConnection.accept(key), "Sec-WebSocket-Protocol", protocol);
    }

    /** Serves {@code .../pods/NAME/portforward}. */
    void portForward(ApiExchange exchange, String namespace, String name) throws IOException, ApiFailure {
        ObjectNode pod = runningPod(exchange, namespace, name);
        String uid = Json.text(pod, "metadata", "uid");
        ForwardedPorts ports = new ForwardedPorts(name, text -> logs.print(uid, text));
        Optional<String> upgrade = exchange.head().value("Upgrade");
        if (upgrade.filter("websocket"::equalsIgnoreCase).isPresent()) {
            agreed(exchange.head().members("Sec-WebSocket-Protocol"), List.of(TUNNELLED));
            try (ApiExchange.Upgraded upgraded = webSocket(exchange, TUNNELLED)) {
                WebSocketConnection socket = new WebSocketConnection(upgraded.in(), upgraded.out());
                ports.serve(new SpdyConnection(socket.bytes(), socket.writer(-1)));
            }
        } else if (upgrade.filter("SPDY/3.1"::equalsIgnoreCase).isPresent()) {
            String protocol = agreed(exchange.head().members("X-Stream-Protocol-Version"), List.of("portforward.k8s.io"));
            try (ApiExchange.Upgraded upgraded = exchange.upgrade("SPDY/3.1", "X-Stream-Protocol-Version", protocol)) {
                ports.serve(new SpdyConnection(upgraded.in(), upgraded.out()));
            }
        } else {
            throw ApiFailure.bad("Upgrade request required");
        }
    }
}
