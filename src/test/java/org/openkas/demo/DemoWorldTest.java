package org.openkas.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.eclipse.jgit.api.Git;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.config.ConfigurationLoader;
import org.openkas.config.KasConfiguration;
import org.openkas.config.PropertySource;
import org.openkas.config.Secret;
import org.openkas.config.TlsFiles;
import org.openkas.diagnosis.Kubeconfig;
import org.openkas.net.Security;
import org.openkas.standalone.StandaloneAgents;
import org.openkas.testkit.FakeTimers;

class DemoWorldTest {
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

    @TempDir
    Path directory;

    @Test
    void theServerFindsTheDemoAgentByItsToken() throws Exception {
        DemoWorld world = DemoWorld.in(directory.resolve("demo"), new Random(1), NOW);
        try (StandaloneAgents agents = StandaloneAgents.open(world.agentsFile(), new FakeTimers(), Log.none(), token -> {
        })) {
            assertThat(agents.agentInfo(AgentToken.ofAgentk(world.token())).agentName()).isEqualTo("demo");
        }
        assertThat(Files.readString(world.serverConfiguration())).contains("agents_file: " + world.agentsFile());
    }

    @Test
    void theRepositoryHasOneCommitWithTheConfigurationOnMain() throws Exception {
        DemoWorld world = DemoWorld.in(directory.resolve("demo"), new Random(1), NOW);
        try (Git git = Git.open(world.repository().toFile())) {
            assertThat(git.getRepository().getFullBranch()).isEqualTo("refs/heads/main");
            assertThat(git.log().call()).hasSize(1);
            assertThat(git.status().call().isClean()).isTrue();
        }
    }

    @Test
    void anExistingWorldIsKept() throws Exception {
        DemoWorld world = DemoWorld.in(directory.resolve("demo"), new Random(1), NOW);
        String token = world.token();
        Files.writeString(world.agentConfiguration(), "# mine\n");
        DemoWorld again = DemoWorld.in(directory.resolve("demo"), new Random(2), NOW);
        assertThat(again.token()).isEqualTo(token);
        assertThat(Files.readString(again.agentConfiguration())).isEqualTo("# mine\n");
    }

    private static Map<String, String> files(Path directory) throws IOException {
        Map<String, String> files = new TreeMap<>();
        for (String name : List.of("agents.yaml", "kas.yaml", "demo.token", "user.token", "server.crt", "server.key")) {
            files.put(name, Files.exists(directory.resolve(name)) ? Files.readString(directory.resolve(name)) : "");
        }
        return files;
    }

    @Test
    void secretsAreTheOwnersAlone() throws Exception {
        DemoWorld world = DemoWorld.in(directory.resolve("demo"), new Random(1), NOW);
        world.offer(Secret.of("text".getBytes(StandardCharsets.UTF_8)));
        for (String name : List.of("demo.token", "user.token", "server.key", "kubeconfig")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(world.directory().resolve(name)))).as(name)
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void theConfigurationLetsTheUserInOverTls() throws Exception {
        DemoWorld world = DemoWorld.in(directory.resolve("demo"), new Random(1), NOW);
        KasConfiguration configuration = new ConfigurationLoader().load(Optional.of(world.serverConfiguration()), PropertySource.none())
                .configuration();
        TlsFiles tls = configuration.agent().kubernetesApi().orElseThrow().listen().tls().orElseThrow();
        assertThat(Security.of(tls.certificate(), tls.key(), List.of())).isInstanceOf(Security.Tls.class);
        assertThat(Kubeconfig.of(configuration, DemoWorld.USER, DemoWorld.AGENT, Optional.empty(), Optional.empty()).yaml().text())
                .contains("server: https://127.0.0.1:8154\n", "certificate-authority-data: ", "token: pat:1:demo-user-");
    }

    @Test
    void theCertificateIsForTheLoopbackNamesAndMadeAnewBeforeItExpires() throws Exception {
        Path demo = directory.resolve("demo");
        DemoWorld.in(demo, new Random(1), NOW);
        X509Certificate certificate = certificate(demo);
        assertThat(certificate.getSubjectAlternativeNames()).extracting(name -> name.get(1).toString())
                .containsExactlyInAnyOrder("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1");
        assertThat(certificate.getNotAfter()).isEqualTo(NOW.plus(Duration.ofDays(365)));
        DemoWorld.in(demo, new Random(2), NOW.plus(Duration.ofDays(350)));
        assertThat(certificate(demo)).isEqualTo(certificate);
        Instant late = NOW.plus(Duration.ofDays(360));
        DemoWorld.in(demo, new Random(2), late);
        assertThat(certificate(demo).getNotAfter()).isEqualTo(late.plus(Duration.ofDays(365)));
        Files.delete(demo.resolve("server.key"));
        DemoWorld world = DemoWorld.in(demo, new Random(2), late);
        assertThat(Security.of(demo.resolve("server.crt").toString(), demo.resolve("server.key").toString(), List.of()))
                .as("%s", world).isInstanceOf(Security.Tls.class);
    }

    private static X509Certificate certificate(Path demo) throws Exception {
        try (InputStream in = Files.newInputStream(demo.resolve("server.crt"))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    @Test
    void aWorldOfAnEarlierVersionGetsTheListenerAndTheUser() throws Exception {
        Path demo = directory.resolve("demo");
        DemoWorld world = earlier(demo);
        String token = Files.readString(demo.resolve("demo.token"));
        DemoWorld.in(demo, new Random(2), NOW);
        assertThat(files(demo)).containsEntry("demo.token", token)
                .hasEntrySatisfying("agents.yaml", text -> assertThat(text).contains("users:"))
                .hasEntrySatisfying("kas.yaml", text -> assertThat(text).contains("kubernetes_api:", world.agentsFile().toString()));
    }

    @Test
    void whatSomebodyChangedIsLeftAlone() throws Exception {
        Path demo = directory.resolve("demo");
        earlier(demo);
        Files.writeString(demo.resolve("kas.yaml"), "# mine\n", StandardOpenOption.APPEND);
        String mine = Files.readString(demo.resolve("kas.yaml"));
        DemoWorld.in(demo, new Random(2), NOW);
        assertThat(Files.readString(demo.resolve("kas.yaml"))).isEqualTo(mine);
    }

    /** Files as the first version wrote them. */
    private static DemoWorld earlier(Path demo) throws IOException {
        Files.createDirectories(demo);
        Files.writeString(demo.resolve("demo.token"), "glagent-1\n");
        Files.writeString(demo.resolve("agents.yaml"),
                "agents:\n  - name: demo\n    id: 1\n    token_file: demo.token\n    repository: repository\n    ref: main\n");
        Files.writeString(demo.resolve("kas.yaml"), """
                # The server without GitLab: agents come from a file.
                standalone:
                  agents_file: %s
                agent:
                  listen:
                    address: 127.0.0.1:8150
                    websocket: true
                observability:
                  listen:
                    address: 127.0.0.1:8151
                  logging:
                    level: warn
                """.formatted(demo.resolve("agents.yaml")));
        return new DemoWorld(demo);
    }
}
