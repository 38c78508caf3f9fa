import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Prepares the Open Liberty server of the tests that deploy the WAR, with a port that is free now and settings that need no
 * file, and writes {@code it/it.properties}, which the tests get as system properties. Arguments: base directory, build
 * directory.
 */
final class TestServer {
    public static void main(String[] arguments) throws IOException {
        Path base = Path.of(arguments[0]);
        Path target = Path.of(arguments[1]);
        Path usr = target.resolve("it/usr");
        Path server = Files.createDirectories(usr.resolve("servers/arquillian"));
        Files.copy(base.resolve("src/test/resources/liberty/server.xml"), server.resolve("server.xml"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(base.resolve("liberty/jvm.options"), server.resolve("jvm.options"), StandardCopyOption.REPLACE_EXISTING);
        Path agents = Files.writeString(target.resolve("it/agents.yaml"), "agents: []\n");
        int port = freePort();
        Files.writeString(server.resolve("bootstrap.properties"), "it.http.port=" + port + "\n");
        String settings = String.join(" ", List.of("-Dopenkas.standalone.agents_file=" + agents,
                "-Dopenkas.agent.listen.address=127.0.0.1:0", "-Dopenkas.agent.listen.listen_grace_period=0.01s",
                "-Dopenkas.observability.listen.address=127.0.0.1:0"));
        Files.writeString(target.resolve("it/it.properties"), """
                it.wlp=%s
                it.usr=%s
                it.http.port=%d
                it.arguments=%s
                """.formatted(target.resolve("liberty/wlp"), usr, port, settings));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
