package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.openkas.testkit.Kubectl;
import org.openkas.testkit.Kubectl.Streams;
import org.openkas.testkit.Program;

/** What stock kubectl does with a demo cluster, whoever stands between the two. One system serves all tests of a class. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
abstract class KubectlContract {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Pattern FORWARDING = Pattern.compile("Forwarding from 127\\.0\\.0\\.1:(\\d+) -> 80");

    @TempDir
    Path home;

    /** The file that leads through the system under test to its demo cluster. */
    abstract Path kubeconfig();

    private Kubectl kubectl(Streams streams) {
        Optional<Path> program = streams.program();
        assumeTrue(program.isPresent(), streams.missing());
        return new Kubectl(program.orElseThrow(), kubeconfig(), home);
    }

    private static byte[] megabyte() {
        byte[] bytes = new byte[1 << 20];
        new Random(1).nextBytes(bytes);
        return bytes;
    }

    private static String webPod(Kubectl kubectl) throws Exception {
        return kubectl.out("get", "pods", "-l", "app=hello", "-o", "name").lines().findFirst().orElseThrow();
    }

    @ParameterizedTest
    @EnumSource
    void get(Streams streams) throws Exception {
        Kubectl kubectl = kubectl(streams);
        assertThat(kubectl.out("get", "pods")).contains("READY", "clock", "Running");
        assertThat(kubectl.out("get", "configmap", "greeting", "-o", "yaml")).contains("text: Hello from the demo cluster");
        assertThat(kubectl.out("describe", "pod", "clock")).contains("demo/clock:1", "Successfully assigned");
        assertThat(kubectl.out("explain", "pod")).contains("KIND:", "Pod");
        assertThat(kubectl.run(new byte[0], "get", "pod", "nobody").err())
                .contains("Error from server (NotFound): pods \"nobody\" not found");
    }

    @ParameterizedTest
    @EnumSource
    void apply(Streams streams) throws Exception {
        Kubectl kubectl = kubectl(streams);
        String name = "mine-" + streams.ordinal();
        Path file = home.resolve(name + ".yaml");
        String text = """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: %s}
                data: {a: '%d'}
                """;
        Files.writeString(file, text.formatted(name, 1));
        assertThat(kubectl.out("apply", "-f", file.toString())).contains("configmap/" + name + " created");
        assertThat(kubectl.out("apply", "-f", file.toString())).contains("configmap/" + name + " unchanged");
        Files.writeString(file, text.formatted(name, 2));
        assertThat(kubectl.out("apply", "-f", file.toString())).contains("configmap/" + name + " configured");
        assertThat(kubectl.out("get", "cm", name, "-o", "jsonpath={.data.a}")).isEqualTo("2");
        assertThat(kubectl.out("apply", "--server-side", "--force-conflicts", "-f", file.toString())).contains("serverside-applied");
        assertThat(kubectl.out("delete", "-f", file.toString())).contains("deleted");
    }

    @ParameterizedTest
    @EnumSource
    void create(Streams streams) throws Exception {
        Kubectl kubectl = kubectl(streams);
        String name = "made-" + streams.ordinal();
        kubectl.out("create", "namespace", name);
        await().atMost(LIMIT).untilAsserted(() -> assertThat(kubectl.out("get", "namespace", name)).contains("Active"));
        kubectl.out("create", "configmap", "c", "--from-literal=a=1", "-n", name);
        assertThat(kubectl.out("get", "configmap", "c", "-n", name, "-o", "jsonpath={.data.a}")).isEqualTo("1");
        kubectl.out("create", "secret", "generic", "s", "--from-literal=a=b", "-n", name);
        assertThat(kubectl.out("get", "secret", "s", "-n", name, "-o", "jsonpath={.data.a}")).isEqualTo("Yg==");
        kubectl.out("create", "service", "clusterip", "v", "--tcp=80:web", "-n", name);
        assertThat(kubectl.out("get", "service", "v", "-n", name, "-o", "jsonpath={.spec.ports[0].port}{.spec.ports[0].targetPort}"))
                .isEqualTo("80web");
        kubectl.out("create", "serviceaccount", "a", "-n", name);
        kubectl.out("create", "deployment", "d", "--image=demo/hello:1", "--replicas=2", "--port=80", "-n", name);
        kubectl.out("rollout", "status", "deployment", "d", "-n", name, "--timeout=30s");
        assertThat(kubectl.out("get", "pods", "-n", name, "-o", "jsonpath={.items[*].spec.containers[0].image}"))
                .isEqualTo("demo/hello:1 demo/hello:1");
        kubectl.out("delete", "namespace", name);
    }

    @ParameterizedTest
    @EnumSource
    void watch(Streams streams) throws Exception {
        Kubectl kubectl = kubectl(streams);
        String name = "watched-" + streams.ordinal();
        Path file = Files.writeString(home.resolve(name + ".yaml"), """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s}
                spec: {containers: [{name: main, image: demo/thing}]}
                """.formatted(name));
        try (Program watch = kubectl.start("get", "pods", "-w")) {
            watch.awaitOut("clock", LIMIT);
            kubectl.out("apply", "-f", file.toString());
            await().atMost(LIMIT).untilAsserted(() -> assertThat(watch.out()).anyMatch(line -> line.matches(name + " .*Running.*")));
            kubectl.out("delete", "-f", file.toString());
            assertThat(watch.running()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void logs(Streams streams) throws Exception {
        try (Program logs = kubectl(streams).start("logs", "-f", "clock", "--tail=1")) {
            await().atMost(LIMIT).untilAsserted(() -> assertThat(logs.out()).filteredOn(line -> line.startsWith("it is "))
                    .hasSizeGreaterThanOrEqualTo(3).doesNotHaveDuplicates());
        }
    }

    @ParameterizedTest
    @EnumSource
    void exec(Streams streams) throws Exception {
        Kubectl kubectl = kubectl(streams);
        byte[] bytes = megabyte();
        Kubectl.Result copied = kubectl.run(bytes, "exec", "-i", "clock", "--", "cat");
        assertThat(copied.exit()).as(copied.err()).isZero();
        assertThat(copied.bytes()).isEqualTo(bytes);
        Kubectl.Result ended = kubectl.run(new byte[0], "exec", "clock", "--", "sh", "-c", "echo out; nope; exit 3");
        assertThat(ended.exit()).isEqualTo(3);
        assertThat(ended.out()).isEqualTo("out\n");
        assertThat(ended.err()).contains("nope: not found");
        assertThat(kubectl.run(new byte[0], "exec", "-v=7", "clock", "--", "true").err())
                .as("this kubectl speaks %s of its own accord", streams).contains(streams.header);
    }

    @ParameterizedTest
    @EnumSource
    void copy(Streams streams) throws Exception {
        Kubectl kubectl = kubectl(streams);
        byte[] bytes = megabyte();
        Path there = Files.write(home.resolve("there-" + streams.ordinal()), bytes);
        Path back = home.resolve("back-" + streams.ordinal());
        kubectl.out("cp", there.toString(), "clock:/tmp/copied-" + streams.ordinal());
        kubectl.out("cp", "clock:/tmp/copied-" + streams.ordinal(), back.toString());
        assertThat(Files.readAllBytes(back)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @EnumSource
    void portForward(Streams streams) throws Exception {
        Kubectl kubectl = kubectl(streams);
        byte[] bytes = megabyte();
        try (Program forward = kubectl.start("port-forward", webPod(kubectl), ":80"); HttpClient client = HttpClient.newHttpClient()) {
            await().atMost(LIMIT).untilAsserted(() -> assertThat(forward.out()).as("%s", forward.err()).isNotEmpty());
            Matcher port = FORWARDING.matcher(String.join("\n", forward.out()));
            assertThat(port.find()).as("%s", forward.out()).isTrue();
            URI uri = URI.create("http://127.0.0.1:" + port.group(1) + "/");
            for (int i = 0; i < 3; i++) {
                assertThat(client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString()).body())
                        .startsWith("Hello from pod hello-");
            }
            byte[] echo = client.send(HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofByteArray(bytes)).build(),
                    HttpResponse.BodyHandlers.ofByteArray()).body();
            assertThat(java.util.Arrays.copyOfRange(echo, echo.length - bytes.length, echo.length)).isEqualTo(bytes);
        }
    }

    static void assertNoErrors(List<String> log) {
        assertThat(log).noneMatch(line -> line.contains("\"level\":\"error\""));
    }
}
