import java.io.IOException;
import java.io.InputStreamReader;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.TimeUnit;

/**
 * Writes what the build knows and the sources do not: {@code stamp/org/openkas/build.properties} (version, commit, time
 * of the build) and {@code server.env}, by which the Liberty plugin's servers run on the JDK that the build chose.
 * Arguments: version, base directory, build directory.
 */
final class Stamp {
    public static void main(String[] arguments) throws IOException, InterruptedException {
        String version = arguments[0];
        Path base = Path.of(arguments[1]);
        Path target = Path.of(arguments[2]);
        Path properties = target.resolve("stamp/org/openkas/build.properties");
        Files.createDirectories(properties.getParent());
        Files.writeString(properties,
                "version=v%s%ncommit=%s%nbuilt=%s%n".formatted(version, commit(base), buildTime()));
        Files.writeString(target.resolve("server.env"), "JAVA_HOME=" + System.getProperty("java.home") + "\n");
    }

    private static String buildTime() {
        String fixed = System.getenv("SOURCE_DATE_EPOCH");
        Instant time = fixed == null || fixed.isBlank() ? Instant.now() : Instant.ofEpochSecond(Long.parseLong(fixed.strip()));
        return DateTimeFormatter.ofPattern("yyyyMMdd.HHmmss").withZone(ZoneOffset.UTC).format(time);
    }

    /** The revision of the clone, or what a build without one is called. */
    private static String commit(Path base) throws InterruptedException {
        String unknown = "00000000";
        if (!Files.exists(base.resolve(".git"))) {
            return unknown;
        }
        try {
            Process git = new ProcessBuilder("git", "rev-parse", "--short=8", "HEAD").directory(base.toFile())
                    .redirectErrorStream(true).start();
            try (BufferedReader answer = new BufferedReader(new InputStreamReader(git.getInputStream(), StandardCharsets.UTF_8))) {
                String line = answer.readLine();
                boolean ended = git.waitFor(10, TimeUnit.SECONDS);
                return ended && git.exitValue() == 0 && line != null ? line.strip() : unknown;
            }
        } catch (IOException e) {
            return unknown;
        }
    }
}
