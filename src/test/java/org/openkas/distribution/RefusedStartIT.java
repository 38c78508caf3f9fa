package org.openkas.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.Program;
import org.openkas.testkit.RealRedis;

/** What an operator reads whose server cannot start: one line and status 1, without a start of anything else. */
@Timeout(120)
class RefusedStartIT {
    /** The processes are started together, so each takes as long as all of them. */
    private static final Duration LIMIT = Duration.ofMinutes(3);

    @TempDir
    Path directory;

    /**
     * One mistake.
     *
     * @param gitLabSecret the text of the secret file; {@code null} for none
     * @param expected parts of the line behind {@code Program aborted: }
     */
    private record Case(String name, String yaml, String gitLabSecret, List<String> expected) {
        static Case secret(String name, String text, String... expected) {
            return new Case(name, GOOD, text, List.of(expected));
        }

        static Case yaml(String name, String yaml, String... expected) {
            return new Case(name, yaml, base64(32), List.of(expected));
        }
    }

    private static final String GOOD = """
            gitlab: {address: "http://127.0.0.1:1", authentication_secret_file: DIRECTORY/secret}
            agent: {listen: {address: "127.0.0.1:0"}}
            observability: {listen: {address: "127.0.0.1:0"}}
            redis: {server: {address: "REDIS"}}
            api: {listen: {address: "127.0.0.1:0", authentication_secret_file: DIRECTORY/secret}}
            private_api: {listen: {authentication_secret_file: DIRECTORY/secret}}
            """;

    private static String base64(int bytes) {
        return Base64.getEncoder().encodeToString(new byte[bytes]);
    }

    private static List<Case> cases() {
        return List.of(
                Case.secret("CO-15, GB-01: 31 bytes", base64(31), "authentication secret: decoding: expecting 32 bytes, was 31"),
                Case.secret("CO-15: 33 bytes", base64(33), "authentication secret: decoding: expecting 32 bytes, was 33"),
                Case.secret("CO-18: a blank in base64", "AAAA AAAA",
                        "authentication secret: read file: decoding: illegal base64 data at input byte 4"),
                Case.secret("CO-16: a missing file", null, "authentication secret: read file: read file: open ",
                        "/secret: no such file or directory"),
                Case.yaml("a directory in place of a file", GOOD.replace("DIRECTORY/secret", "DIRECTORY"), "authentication secret: ",
                        "is a directory"),
                Case.yaml("no YAML", "gitlab: [\n", "YAMLToJSON: "),
                Case.yaml("a value of another type", GOOD + "gitaly: 5\n", "protojson.Unmarshal: "),
                Case.yaml("CO-5: nothing that is required", "{}", "kascfg.Validate: ", "Gitlab: value is required",
                        "Redis: value is required",
                        "Api: value is required", "PrivateApi: value is required"),
                Case.yaml("CO-20: a certificate without its key",
                        GOOD.replace("\"127.0.0.1:0\"}}\nobs", "\"127.0.0.1:0\", certificate_file: /c.pem}}\nobs"),
                        "agent server: both certificate file (/c.pem) and key file () must be either specified or not"),
                Case.yaml("CO-27: no Redis", GOOD.replace("REDIS", "127.0.0.1:1"),
                        "dial tcp 127.0.0.1:1: connect: connection refused (redis.server.address: "),
                Case.yaml("no password file", GOOD.replace("\"REDIS\"}", "\"REDIS\"}, password_file: /no/such"),
                        "open /no/such: no such file or directory"),
                Case.yaml("a password that nobody asked for",
                        GOOD.replace("\"REDIS\"}", "\"REDIS\"}, password_file: DIRECTORY/secret, username: x"),
                        "WRONGPASS ", "redis.password_file"),
                Case.yaml("a certificate authority that is none",
                        GOOD.replace("\"REDIS\"}", "\"REDIS\"}, tls: {enabled: true, ca_certificate_file: /no/such}"),
                        "CA certificate file: open /no/such: no such file or directory"),
                Case.yaml("an address that cannot be had",
                        GOOD.replace("agent: {listen: {address: \"127.0.0.1:0\"}}", "agent: {listen: {address: \"192.0.2.1:1\"}}"),
                        "listen tcp 192.0.2.1:1: bind: "),
                Case.yaml("CO-52: traces to a scheme that is none",
                        GOOD.replace("observability: {", "observability: {tracing: {otlp_endpoint: \"ftp://x/y\"}, "),
                        "unsupported schema of tracing url \"ftp\", only `http` and `https` are permitted"),
                Case.yaml("a malformed DSN", GOOD.replace("observability: {", "observability: {sentry: {dsn: \"http://127.0.0.1/17\"}, "),
                        "error tracker: [Sentry] DsnParseError: empty username"),
                // which nobody waits for
                Case.yaml("an address that cannot be had after others with a long grace period",
                        GOOD.replace("agent: {listen: {address: \"127.0.0.1:0\"}}",
                                "agent: {listen: {address: \"127.0.0.1:0\", listen_grace_period: 3600s},"
                                        + " kubernetes_api: {listen: {address: \"192.0.2.1:1\"}}}"),
                        "listen tcp 192.0.2.1:1: bind: "));
    }

    @Test
    @DisplayName("CO-5, CO-15, CO-16, CO-18, CO-20, CO-27, CO-52, GB-01: each mistake is one line that names the place, and status 1")
    void mistakes() throws Exception {
        List<Program> programs = new ArrayList<>();
        try (RealRedis redis = RealRedis.start()) {
            List<Case> cases = cases();
            for (Case each : cases) {
                programs.add(start(each, directory.resolve(Integer.toString(programs.size())), redis));
            }
            for (int i = 0; i < cases.size(); i++) {
                Case each = cases.get(i);
                assertThat(programs.get(i).exit(LIMIT)).as(each.name()).isEqualTo(1);
                assertThat(programs.get(i).out()).as(each.name()).isEmpty();
                assertThat(programs.get(i).err()).as(each.name()).filteredOn(line -> !line.startsWith("{")).singleElement()
                        .satisfies(line -> assertThat(line).startsWith("Program aborted: ").contains(each.expected()));
                assertThat(programs.get(i).err()).as("nothing was waited for").noneMatch(line -> line.contains("The application stops"));
                if (each.gitLabSecret() != null && !each.gitLabSecret().isEmpty()) {
                    assertThat(programs.get(i).err()).as("the secret is nowhere").noneMatch(line -> line.contains(each.gitLabSecret()));
                }
            }
        } finally {
            programs.forEach(Program::close);
        }
        try (Stream<Path> left = Files.walk(directory)) {
            assertThat(left).as("work directories left behind").noneMatch(path -> path.getFileName().toString().startsWith("openkas-"));
        }
    }

    private static Program start(Case each, Path place, RealRedis redis) throws IOException {
        Files.createDirectories(place);
        if (each.gitLabSecret() != null) {
            Files.writeString(place.resolve("secret"), each.gitLabSecret());
        }
        Path file = Files.writeString(place.resolve("kas.yaml"),
                each.yaml().replace("DIRECTORY", place.toString()).replace("REDIS", redis.address()));
        return Program.openkas(place, "--configuration-file", file.toString());
    }
}
