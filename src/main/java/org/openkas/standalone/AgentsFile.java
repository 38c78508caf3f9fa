package org.openkas.standalone;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.openkas.common.AgentToken;
import org.openkas.config.Secret;
import org.openkas.config.YamlException;
import org.openkas.config.YamlTree;

/**
 * Reads the file that names the agents of a standalone server:
 *
 * <pre>
 * agents:
 *   - name: demo                 # required
 *     token_file: demo.token     # or token: ...
 *     repository: repositories/demo.git   # a path, relative to this file, or a URL
 *     ref: main                  # the branch; main if absent
 *     id: 1                      # derived from the name if absent
 *     project: group/demo        # the repository's last name if absent
 * users:                         # who may reach the agents' clusters; nobody if absent
 *   - name: ada                  # see {@link UserEntry}
 * </pre>
 */
final class AgentsFile {
    private static final Set<String> KEYS = Set.of("name", "token", "token_file", "repository", "ref", "id", "project");

    private final Path file;

    AgentsFile(Path file) {
        this.file = file.toAbsolutePath();
    }

    AgentsFileContent read() throws AgentsFileException {
        JsonNode root = root();
        List<StandaloneAgent> agents = new ArrayList<>();
        for (JsonNode entry : root.get("agents")) {
            agents.add(new Entry("agents[" + agents.size() + "]", entry).agent());
        }
        checkUnique(agents);
        return new AgentsFileContent(List.copyOf(agents), users(root.path("users"), agents));
    }

    /** Reads the token of a user whom {@link #read} has found. */
    Secret userToken(String name) throws AgentsFileException {
        JsonNode users = root().path("users");
        for (int i = 0; i < users.size(); i++) {
            if (users.get(i).path("name").asText().equals(name)) {
                return Secret.of(new UserEntry(file, i, users.get(i), List.of()).token().getBytes(StandardCharsets.UTF_8));
            }
        }
        throw new AgentsFileException("agents file " + file + ": there is no user \"" + name + "\" in it");
    }

    private JsonNode root() throws AgentsFileException {
        JsonNode root;
        try {
            root = YamlTree.parse(text(file, "agents file"));
        } catch (YamlException e) {
            throw new AgentsFileException("agents file " + file + ": " + e.getMessage());
        }
        if (!root.isObject() || !root.path("agents").isArray() || root.size() != (root.has("users") ? 2 : 1)) {
            throw new AgentsFileException(
                    "agents file " + file + ": expected one key \"agents\" with a list of agents, and besides it at most a key \"users\"");
        }
        return root;
    }

    private List<StandaloneUser> users(JsonNode entries, List<StandaloneAgent> agents) throws AgentsFileException {
        if (!entries.isMissingNode() && !entries.isNull() && !entries.isArray()) {
            throw new AgentsFileException("agents file " + file + ": users: expected a list of users");
        }
        List<StandaloneUser> users = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (JsonNode entry : entries) {
            StandaloneUser user = new UserEntry(file, users.size(), entry, agents).user();
            if (!seen.add("name " + user.name())) {
                throw new AgentsFileException("agents file " + file + ": two users have the name \"" + user.name() + "\"");
            }
            if (!seen.add(user.tokenDigest())) {
                throw new AgentsFileException("agents file " + file + ": user \"" + user.name()
                        + "\" has the token of another user; give each user a token of their own");
            }
            users.add(user);
        }
        return List.copyOf(users);
    }

    private void checkUnique(List<StandaloneAgent> agents) throws AgentsFileException {
        Set<Object> seen = new HashSet<>();
        for (StandaloneAgent agent : agents) {
            if (!seen.add("name " + agent.name())) {
                throw new AgentsFileException("agents file " + file + ": two agents have the name \"" + agent.name() + "\"");
            }
            if (!seen.add(agent.id())) {
                throw new AgentsFileException("agents file " + file + ": two agents have the id " + agent.id());
            }
            if (!seen.add(agent.token())) {
                throw new AgentsFileException("agents file " + file + ": agent \"" + agent.name()
                        + "\" has the token of another agent; give each agent a token of its own");
            }
        }
    }

    static String text(Path path, String what) throws AgentsFileException {
        try {
            return Files.readString(path, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            throw new AgentsFileException(what + " " + path + ": no such file");
        } catch (IOException e) {
            throw new AgentsFileException(what + " " + path + " cannot be read: " + e.getMessage());
        }
    }

    /** One element of the list. */
    private final class Entry {
        private final String at;
        private final JsonNode node;

        Entry(String at, JsonNode node) {
            this.at = at;
            this.node = node;
        }

        StandaloneAgent agent() throws AgentsFileException {
            if (!node.isObject()) {
                throw wrong("", "expected a map with name, repository and token or token_file");
            }
            for (String key : node.propertyStream().map(java.util.Map.Entry::getKey).toList()) {
                if (!KEYS.contains(key)) {
                    throw wrong("." + key, "unknown key; known are name, token, token_file, repository, ref, id and project");
                }
            }
            String name = required("name");
            if (!StandaloneAgent.NAME.matcher(name).matches()) {
                throw wrong(".name", "\"" + name + "\" is not an agent name; use up to 63 lower-case letters, digits and inner hyphens");
            }
            String repository = repository(required("repository"));
            String ref = optional("ref", "main");
            if (ref.startsWith("refs/")) {
                throw wrong(".ref", "\"" + ref + "\" is a full ref; give the name of a branch, such as main");
            }
            String project = optional("project", lastName(repository));
            return new StandaloneAgent(name, id(name), token(), repository, project, ref);
        }

        private AgentToken token() throws AgentsFileException {
            if (node.has("token") == node.has("token_file")) {
                throw wrong("", "needs exactly one of token and token_file");
            }
            String token = node.has("token")
                    ? required("token")
                    : text(file.resolveSibling(required("token_file")), "agents file " + file + ": " + at + ".token_file:").strip();
            if (token.isEmpty() || !token.chars().allMatch(c -> c > ' ' && c < 127)) {
                throw wrong(node.has("token") ? ".token" : ".token_file", "a token is one line of visible ASCII characters without blanks");
            }
            return AgentToken.ofAgentk(token);
        }

        private long id(String name) throws AgentsFileException {
            if (!node.has("id")) {
                return StandaloneAgent.idOf(name);
            }
            JsonNode id = node.get("id");
            if (!id.canConvertToLong() || !id.isIntegralNumber() || id.longValue() <= 0) {
                throw wrong(".id", "expected a whole number greater than 0");
            }
            return id.longValue();
        }

        private String repository(String given) {
            boolean url = given.contains("://") || given.matches("[^/]+@[^/]+:.*");
            return url ? given : file.resolveSibling(given).normalize().toString();
        }

        private String lastName(String repository) {
            String last = repository.substring(Math.max(repository.lastIndexOf('/'), repository.lastIndexOf(':')) + 1);
            String name = last.endsWith(".git") ? last.substring(0, last.length() - 4) : last;
            return name.isEmpty() ? "repository" : name;
        }

        private String required(String key) throws AgentsFileException {
            String value = optional(key, "");
            if (value.isEmpty()) {
                throw wrong("." + key, "is missing or empty");
            }
            return value;
        }

        private String optional(String key, String absent) throws AgentsFileException {
            JsonNode value = node.path(key);
            if (value.isMissingNode() || value.isNull()) {
                return absent;
            }
            if (!value.isTextual()) {
                throw wrong("." + key, "expected text; put the value in quotes");
            }
            return value.textValue();
        }

        private AgentsFileException wrong(String field, String problem) {
            return new AgentsFileException("agents file " + file + ": " + at + field + ": " + problem);
        }
    }
}
