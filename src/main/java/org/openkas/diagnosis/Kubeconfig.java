package org.openkas.diagnosis;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.openkas.config.KasConfiguration;
import org.openkas.config.KubernetesApiSection;
import org.openkas.config.Secret;
import org.openkas.standalone.AgentsFileException;
import org.openkas.standalone.UserAccess;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * A kubeconfig that leads a user of a standalone server through an agent to its cluster. Immutable; its text has no secret,
 * {@link #yaml} has.
 */
public final class Kubeconfig {
    private final UserAccess access;
    private final String server;
    private final Optional<String> authority;

    private Kubeconfig(UserAccess access, String server, Optional<String> authority) {
        this.access = access;
        this.server = server;
        this.authority = authority;
    }

    /**
     * From the server's configuration and its agents file.
     *
     * @param user name of a user of the agents file
     * @param agent name of an agent that the user may reach
     * @param server the URL at which users see the server; from the listener's address if empty
     * @param authority PEM file of certificate authorities for that URL; if empty, the root at the end of the listener's own
     *        certificates, if there is one, else those that the user's system trusts
     * @throws KubeconfigException if the user has no way to the agent
     */
    public static Kubeconfig of(KasConfiguration configuration, String user, String agent, Optional<String> server,
            Optional<Path> authority) throws KubeconfigException {
        if (configuration.standalone().isEmpty()) {
            throw new KubeconfigException("the configuration has no standalone section, so it has no users:"
                    + " with GitLab, users put a personal access token into their kubeconfig");
        }
        KubernetesApiSection section = configuration.agent().kubernetesApi().orElseThrow(() -> new KubeconfigException(
                "the Kubernetes API listener is off: give the configuration a section agent.kubernetes_api"));
        try {
            UserAccess access = UserAccess.of(Path.of(configuration.standalone().get().agentsFile()), user, agent);
            String url = server.isPresent() ? given(server.get()) : ListenerUrl.of(section);
            Optional<String> certificates = authority.isPresent()
                    ? Optional.of(Files.readString(authority.get()))
                    : section.listen().tls().flatMap(files -> RootCertificate.endOf(Path.of(files.certificate())));
            return new Kubeconfig(access, url, certificates);
        } catch (AgentsFileException e) {
            throw new KubeconfigException(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new KubeconfigException("certificate authority: " + e, e);
        }
    }

    private static String given(String server) throws KubeconfigException {
        if (!server.startsWith("https://") || server.length() == "https://".length()) {
            throw new KubeconfigException(
                    "server \"" + server + "\": use a URL that begins with https://, since kubectl sends its token over TLS only");
        }
        return server;
    }

    /** The file's text; its current context is the agent's name. */
    public Secret yaml() {
        Map<String, Object> cluster = new LinkedHashMap<>();
        cluster.put("server", server);
        authority.ifPresent(pem -> cluster.put("certificate-authority-data",
                Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8))));
        String agent = access.agent();
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("apiVersion", "v1");
        root.put("kind", "Config");
        root.put("clusters", List.of(entry(agent, "cluster", cluster)));
        root.put("users", List.of(entry(access.user(), "user", Map.of("token", access.bearer().text()))));
        Map<String, Object> context = new LinkedHashMap<>();
        context.put("cluster", agent);
        context.put("user", access.user());
        root.put("contexts", List.of(entry(agent, "context", context)));
        root.put("current-context", agent);
        DumperOptions options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        options.setSplitLines(false);
        return Secret.of(new Yaml(options).dump(root).getBytes(StandardCharsets.UTF_8));
    }

    private static Map<String, Object> entry(String name, String member, Map<String, ?> value) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("name", name);
        entry.put(member, value);
        return entry;
    }

    @Override
    public String toString() {
        return "kubeconfig of " + access.user() + " for " + access.agent() + " at " + server;
    }
}
