import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Puts {@code target/openkas} together: the minified Open Liberty, the application expanded once inside it, the launcher's
 * jar that only names a class path in these, {@code bin/openkas} and the samples. Arguments: base directory, build directory.
 */
final class Distribution {
    /** What a server of ours never reads. */
    private static final List<String> LEFT_OUT = List.of("wlp/dev/spi/ibm/javadoc/", "wlp/templates/", "wlp/clients/", "wlp/bin/", "wlp/usr/", "wlp/README.TXT",
            "wlp/lib/extract/", "wlp/lib/versions/package_");

    private static final String OURS = "openkas-";

    private final Path base;
    private final Path target;
    private final Path home;

    private Distribution(Path base, Path target) {
        this.base = base;
        this.target = target;
        home = target.resolve("openkas");
    }

    public static void main(String[] arguments) throws IOException {
        new Distribution(Path.of(arguments[0]), Path.of(arguments[1])).make();
    }

    private void make() throws IOException {
        delete(home);
        unzip(target.resolve("openliberty.zip"), home, name -> LEFT_OUT.stream().noneMatch(name::startsWith));
        Path server = home.resolve("wlp/usr/servers/openkas");
        copy(base.resolve("liberty/server.xml"), server.resolve("server.xml"));
        copy(base.resolve("liberty/distribution.xml"), server.resolve("configDropins/overrides/distribution.xml"));
        copy(base.resolve("liberty/https.xml"), server.resolve("https.xml"));
        Path application = server.resolve("apps/openkas.war");
        unzip(target.resolve("openkas.war"), application, name -> true);
        moveLibraries(application.resolve("WEB-INF/lib"), server.resolve("lib"));
        copy(base.resolve("src/build/openkas.sh"), home.resolve("bin/openkas"));
        Files.setPosixFilePermissions(home.resolve("bin/openkas"), PosixFilePermissions.fromString("rwxr-xr-x"));
        if (Files.isDirectory(base.resolve("server-config"))) {
            copyTree(base.resolve("server-config"), home.resolve("server-config"));
        }
        launcher(application.resolve("WEB-INF/lib"), server.resolve("lib"));
    }

    /**
     * Leaves only our own jar in the application. Liberty reads every class of an application's jars at each start in search
     * of annotations; a library beside it is not searched, which saves a third of the start.
     */
    private static void moveLibraries(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.filter(file -> !file.getFileName().toString().startsWith(OURS)).toList()) {
                Files.move(file, to.resolve(file.getFileName()));
            }
        }
    }

    /** A jar without classes: its manifest names the class path, and what the modules of the JDK must open for Liberty and Netty. */
    private void launcher(Path own, Path libraries) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.put(Attributes.Name.MAIN_CLASS, "org.openkas.cli.Main");
        main.put(Attributes.Name.CLASS_PATH, String.join(" ", classPath(own, libraries)));
        main.putValue("Enable-Native-Access", "ALL-UNNAMED");
        main.putValue("Add-Opens", String.join(" ", opens()));
        Files.createDirectories(home.resolve("lib"));
        try (OutputStream out = Files.newOutputStream(home.resolve("lib/openkas.jar"))) {
            new JarOutputStream(out, manifest).close();
        }
    }

    private List<String> classPath(Path own, Path libraries) throws IOException {
        List<String> jars = new ArrayList<>(relative(own, OURS));
        for (String start : List.of("jackson-", "snakeyaml-")) {
            jars.addAll(relative(libraries, start));
        }
        jars.addAll(relative(home.resolve("wlp/lib"), "com.ibm.ws.kernel.boot_"));
        return jars;
    }

    private List<String> relative(Path directory, String start) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith(start)).sorted()
                    .map(file -> home.resolve("lib").relativize(file).toString()).toList();
        }
    }

    /** Liberty's own list of what it needs opened, for this JDK. */
    private List<String> opens() throws IOException {
        List<String> opens = new ArrayList<>();
        boolean next = false;
        for (String line : Files.readAllLines(home.resolve("wlp/lib/platform/java/java24.options"))) {
            if (next) {
                opens.add(line.strip().replace("=ALL-UNNAMED", ""));
            }
            next = line.strip().equals("--add-opens");
        }
        return opens;
    }

    private static void unzip(Path archive, Path directory, Predicate<String> wanted) throws IOException {
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(archive))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (!entry.isDirectory() && wanted.test(entry.getName())) {
                    Path file = directory.resolve(entry.getName()).normalize();
                    if (!file.startsWith(directory)) {
                        throw new IOException(archive + " holds " + entry.getName());
                    }
                    Files.createDirectories(file.getParent());
                    Files.copy(zip, file);
                }
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    private static void delete(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
