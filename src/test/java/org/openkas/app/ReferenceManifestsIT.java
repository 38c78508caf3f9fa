package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.proto.gitops.GitRefCF;
import org.openkas.proto.gitops.ObjectsToSynchronizeRequest;
import org.openkas.proto.gitops.PathCF;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.ManifestStream;
import org.openkas.testkit.Program;
import org.openkas.testkit.TestRepository;

/**
 * The reference, which environment variable KAS_BIN names, and this server answer the same requests about the same repository
 * with the same bytes. Needs {@code redis-server}, or what REDIS_BIN names, for the reference.
 */
@EnabledIfEnvironmentVariable(named = "KAS_BIN", matches = ".+", disabledReason = "KAS_BIN names no Go KAS")
@Timeout(300)
class ReferenceManifestsIT {
    private static final String PROJECT = "group/manifests";
    private static final String UNKNOWN_TO_REFERENCE = "UNAVAILABLE GitOps: failed to get objects to synchronize";
    private static final int RANDOM_GLOBS = 400;

    @TempDir
    Path directory;

    private final FakeGitLab gitLab = FakeGitLab.release16();
    private final FakeGitaly gitaly = FakeGitaly.onTcp();
    private final List<Integer> ports;

    ReferenceManifestsIT() throws IOException {
        ports = FreePorts.some(6);
    }

    private static ObjectsToSynchronizeRequest.Builder globs(String... globs) {
        ObjectsToSynchronizeRequest.Builder request = ObjectsToSynchronizeRequest.newBuilder().setProjectId(PROJECT);
        List.of(globs).forEach(glob -> request.addPaths(PathCF.newBuilder().setGlob(glob)));
        return request;
    }

    private static PathCF file(String path) {
        return PathCF.newBuilder().setFile(path).build();
    }

    private static TestRepository.Change content() {
        TestRepository.Change change = new TestRepository.Change();
        for (String path : List.of("a.yaml", "b.yml", "c.json", "d.txt", ".f.yaml", "a/a.yaml", "a/b/c.yaml", "a/b/c/d.json", "b/ab.yaml",
                ".h/e.yaml", "a/.h/x.yaml", "{x}.yaml", "a/[b].yaml", "x*y", "é/ü.yaml", "c-d/e!f.yaml", "ab", "a b/c d.yaml")) {
            change.file(path, "content of " + path);
        }
        return change.file("empty", "").file("big/one", new byte[700_000]).file("big/two", new byte[131_072]).symlink("link", "a.yaml")
                .submodule("sub", "1234567890123456789012345678901234567890");
    }

    private List<ObjectsToSynchronizeRequest> requests(String main, String other, String tag) {
        List<ObjectsToSynchronizeRequest.Builder> all = new ArrayList<>();
        for (String glob : List.of("**/*.{yaml,yml,json}", "*.yaml", "/a/*.yaml", "//a/*.yaml", "a/**", "a", "a/", "**", "*", "none/*",
                "none/**/*", "a.yaml/x", "a/[", "a[", "**/[", "{a,b", "{a,a/b}/*.yaml", "[a-c].*", "a/b/**/*.json", ".h/*", ".h/**",
                "./*.yaml",
                "../*", "a//a.yaml", "a/./a.yaml", "link", "sub", "sub/*", "big/*", "empty", "\\{x\\}.yaml", "a/\\[b\\].yaml", "é/*", "?/*",
                "a b/*", "x\\*y", "**.yaml", "*\\", "{**/,}a.yaml", "a{,b}", "a?b/**", "\n/*")) {
            all.add(globs(glob));
        }
        Random random = new Random(11);
        List<String> tokens = List.of("a", "b", "/", "/", "*", "**", "**/", "?", "{", "}", ",", "{a,b}", "{,a}", "{a/b,c}", "[", "]",
                "[a-b]",
                "[^a]", "\\", ".", ".yaml", "*.yaml", "é", "-");
        for (int i = 0; i < RANDOM_GLOBS; i++) {
            StringBuilder glob = new StringBuilder();
            for (int n = 1 + random.nextInt(5); n > 0; n--) {
                glob.append(tokens.get(random.nextInt(tokens.size())));
            }
            all.add(globs(glob.toString()));
        }
        all.add(globs("*.yaml", "**/*.yaml"));
        all.add(globs("*.json").addPaths(file("a.yaml")).addPaths(PathCF.newBuilder().setGlob("b/*")));
        for (String path : List.of("a.yaml", "/a.yaml", "./a.yaml", "../a.yaml", "a/../a.yaml", ".h/e.yaml", "x/../.h/e.yaml", "a", "sub",
                "link",
                "none", "a/", "big/one", ".f.yaml", "/.h/x", "a/.h/../a.yaml")) {
            all.add(globs().addPaths(file(path)));
        }
        all.add(globs().addPaths(file("a.yaml")).addPaths(file("a.yaml")));
        all.add(globs("*.yaml").addPaths(file("a.yaml")));
        all.add(globs());
        all.add(globs("").setProjectId(""));
        all.add(globs("*").addPaths(PathCF.getDefaultInstance()).setRef(GitRefCF.getDefaultInstance()));
        String[] many = new String[101];
        java.util.Arrays.fill(many, "*");
        all.add(globs(many));
        all.add(globs("*").setProjectId("group/none"));
        for (GitRefCF.Builder ref : List.of(GitRefCF.newBuilder().setBranch("main"), GitRefCF.newBuilder().setBranch("other"),
                GitRefCF.newBuilder().setBranch("none"), GitRefCF.newBuilder().setBranch("refs/heads/main"),
                GitRefCF.newBuilder().setBranch("v1"), GitRefCF.newBuilder().setTag("v1"), GitRefCF.newBuilder().setTag("light"),
                GitRefCF.newBuilder().setTag("main"), GitRefCF.newBuilder().setCommit(main), GitRefCF.newBuilder().setCommit(other),
                GitRefCF.newBuilder().setCommit(tag), GitRefCF.newBuilder().setCommit("main"), GitRefCF.newBuilder().setCommit("none"),
                GitRefCF.newBuilder().setCommit("1234567890123456789012345678901234567890"))) {
            all.add(globs("*.yaml").setRef(ref));
        }
        return all.stream().map(ObjectsToSynchronizeRequest.Builder::build).toList();
    }

    @Test
    @DisplayName("AG-40 to AG-48: byte for byte what the reference answers, over globs, files, refs and mistakes")
    void sameAnswers() throws Exception {
        TestRepository repository = gitaly.repository(PROJECT, directory.resolve("manifests"));
        repository.commit("main", content());
        gitLab.agent("token", 42, 7, "group/agents");
        gitLab.project(9, PROJECT, gitaly.info("secret"));
        Path settings = settings();
        String redis = System.getenv().getOrDefault("REDIS_BIN", "redis-server");
        try (Program state = Program.run(List.of(redis, "--port", "" + ports.get(0), "--save", "", "--appendonly", "no"), Map.of());
                Program reference = start(settings);
                RunningServer running = RunningServer.withGitLab(directory, gitLab, """
                        agent: {listen: {address: '127.0.0.1:0'}, gitops: {max_manifest_file_size: 600000,
                          max_total_manifest_file_size: 600100}}
                        gitaly: {per_server_api_rate_limit: {refill_rate_per_second: 10000, bucket_size: 10000},
                          global_api_rate_limit: {refill_rate_per_second: 10000, bucket_size: 10000}}""")) {
            ManagedChannel theirs = AgentChannels.grpc(ports.get(1));
            ManagedChannel ours = running.channel();
            awaitListener(ports.get(1));
            List<String> different = new ArrayList<>();
            int answered = 0;
            for (FakeGitaly.Version version : FakeGitaly.Version.values()) {
                gitaly.version(version);
                // commits of its own: nobody asks about the same one at two releases
                String main = repository.commit("main", Map.of("d.txt", version.name()));
                String other = repository.commit("other", Map.of("a.yaml", version.name()));
                repository.tag("light", other);
                String tag = repository.annotatedTag("v1", other);
                for (ObjectsToSynchronizeRequest request : requests(main, other, tag)) {
                    String one = ManifestStream.open(theirs, "token", request).whole();
                    String two = ManifestStream.open(ours, "token", request).whole();
                    answered++;
                    // the reference does not know what newer Gitalys answer about directories that do not exist
                    boolean newer = version == FakeGitaly.Version.SINCE_16_8 && one.endsWith(UNKNOWN_TO_REFERENCE);
                    if (!newer && !one.equals(two)) {
                        different.add(request + "reference:\n" + one + "\nthis server:\n" + two + "\n");
                    }
                }
            }
            theirs.shutdownNow();
            ours.shutdownNow();
            assertThat(different).as("%s requests", answered).isEmpty();
            assertThat(answered).isGreaterThan(1000);
            assertThat(state.out()).isNotEmpty();
            assertThat(reference.err()).isNotEmpty();
        } finally {
            gitLab.close();
            gitaly.close();
        }
    }

    private static void awaitListener(int port) {
        await().atMost(Duration.ofSeconds(60)).until(() -> listens(port));
    }

    private Program start(Path settings) throws IOException {
        // the reference gives up where there is no Redis at its start
        awaitListener(ports.get(0));
        return Program.run(List.of(System.getenv("KAS_BIN"), "--configuration-file=" + settings),
                Map.of("OWN_PRIVATE_API_URL", "grpc://127.0.0.1:" + ports.get(3)));
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 200);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private Path settings() throws IOException {
        Path secret = Files.writeString(directory.resolve("shared"), Base64.getEncoder().encodeToString(FakeGitLab.SECRET));
        return Files.writeString(directory.resolve("reference.yaml"), """
                gitlab: {address: "%s", authentication_secret_file: "%s", api_rate_limit: {refill_rate_per_second: 10000,
                  bucket_size: 10000}}
                agent: {listen: {address: "127.0.0.1:%d"}, gitops: {max_manifest_file_size: 600000, max_total_manifest_file_size: 600100}}
                observability: {listen: {address: "127.0.0.1:%d"}}
                api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: "%2$s"}}
                private_api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: "%2$s"}}
                redis: {server: {address: "127.0.0.1:%d"}}
                gitaly: {global_api_rate_limit: {refill_rate_per_second: 10000, bucket_size: 10000},
                  per_server_api_rate_limit: {refill_rate_per_second: 10000, bucket_size: 10000}}
                """.formatted(gitLab.address(), secret, ports.get(1), ports.get(2), ports.get(4), ports.get(3), ports.get(0)));
    }
}
