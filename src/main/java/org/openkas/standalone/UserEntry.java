package org.openkas.standalone;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.openkas.proto.agentcfg.CiAccessAsImpersonateCF;
import org.openkas.proto.agentcfg.ExtraKeyValCF;

/**
 * One element of the agents file's list of users:
 *
 * <pre>
 *   - name: ada                  # required
 *     token_file: ada.token      # or token: ...; relative to this file
 *     agents: [demo]             # names of agents, or "*" for all of them
 *     access_as:                 # as in agents' configuration files; the agent itself if absent
 *       impersonate:             # or agent: {}
 *         username: ada
 *         groups: [developers]
 *         uid: ada-1
 *         extra: [{key: team, val: [blue]}]
 * </pre>
 */
final class UserEntry {
    private static final String EVERY_AGENT = "*";

    private final Path file;
    private final String at;
    private final JsonNode node;
    private final List<StandaloneAgent> known;

    UserEntry(Path file, int index, JsonNode node, List<StandaloneAgent> known) {
        this.file = file;
        this.at = "users[" + index + "]";
        this.node = node;
        this.known = known;
    }

    StandaloneUser user() throws AgentsFileException {
        onlyKeys("", node, "name", "token", "token_file", "agents", "access_as");
        return new StandaloneUser(text(node, "", "name"), StandaloneUser.digest(token()), agents(), impersonate());
    }

    String token() throws AgentsFileException {
        if (node.has("token") == node.has("token_file")) {
            throw wrong("", "needs exactly one of token and token_file");
        }
        String key = node.has("token") ? "token" : "token_file";
        String given = text(node, "", key);
        String token = node.has("token")
                ? given
                : AgentsFile.text(file.resolveSibling(given), "agents file " + file + ": " + at + ".token_file:").strip();
        if (token.isEmpty() || !token.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw wrong("." + key, "a token is one line of visible ASCII characters without blanks");
        }
        return token;
    }

    private Set<Long> agents() throws AgentsFileException {
        Set<Long> ids = new HashSet<>();
        List<String> names = node.path("agents").isTextual()
                ? List.of(text(node, "", "agents"))
                : texts(node, "", "agents");
        if (names.isEmpty()) {
            throw wrong(".agents", "is missing or empty; list names of agents, or \"*\" for all of them");
        }
        for (String name : names) {
            List<Long> meant = known.stream().filter(agent -> name.equals(EVERY_AGENT) || name.equals(agent.name()))
                    .map(StandaloneAgent::id).toList();
            if (meant.isEmpty() && !name.equals(EVERY_AGENT)) {
                throw wrong(".agents", "there is no agent \"" + name + "\" in this file");
            }
            ids.addAll(meant);
        }
        return Set.copyOf(ids);
    }

    private Optional<CiAccessAsImpersonateCF> impersonate() throws AgentsFileException {
        JsonNode as = node.path("access_as");
        if (as.isMissingNode()) {
            return Optional.empty();
        }
        onlyKeys(".access_as", as, "agent", "impersonate");
        if (as.size() != 1) {
            throw wrong(".access_as", "needs exactly one of agent and impersonate");
        }
        if (as.has("agent")) {
            onlyKeys(".access_as.agent", as.get("agent"));
            return Optional.empty();
        }
        String path = ".access_as.impersonate";
        JsonNode whom = as.get("impersonate");
        onlyKeys(path, whom, "username", "groups", "uid", "extra");
        return Optional.of(CiAccessAsImpersonateCF.newBuilder().setUsername(text(whom, path, "username"))
                .addAllGroups(texts(whom, path, "groups")).setUid(whom.has("uid") ? text(whom, path, "uid") : "")
                .addAllExtra(extra(whom.path("extra"), path + ".extra")).build());
    }

    private List<ExtraKeyValCF> extra(JsonNode list, String path) throws AgentsFileException {
        if (!list.isMissingNode() && !list.isArray()) {
            throw wrong(path, "expected a list of maps with key and val");
        }
        List<ExtraKeyValCF> extra = new ArrayList<>();
        for (JsonNode entry : list) {
            String element = path + "[" + extra.size() + "]";
            onlyKeys(element, entry, "key", "val");
            List<String> values = texts(entry, element, "val");
            if (values.isEmpty()) {
                throw wrong(element + ".val", "is missing or empty");
            }
            extra.add(ExtraKeyValCF.newBuilder().setKey(text(entry, element, "key")).addAllVal(values).build());
        }
        return extra;
    }

    private String text(JsonNode map, String path, String key) throws AgentsFileException {
        JsonNode value = map.path(key);
        if (value.isMissingNode() || value.isNull() || (value.isTextual() && value.textValue().isEmpty())) {
            throw wrong(path + "." + key, "is missing or empty");
        }
        if (!value.isTextual()) {
            throw wrong(path + "." + key, "expected text; put the value in quotes");
        }
        return value.textValue();
    }

    private List<String> texts(JsonNode map, String path, String key) throws AgentsFileException {
        JsonNode list = map.path(key);
        if (!list.isMissingNode() && !list.isArray()) {
            throw wrong(path + "." + key, "expected a list of texts");
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode element : list) {
            if (!element.isTextual() || element.textValue().isEmpty()) {
                throw wrong(path + "." + key + "[" + texts.size() + "]", "expected text that is not empty; put the value in quotes");
            }
            texts.add(element.textValue());
        }
        return texts;
    }

    private void onlyKeys(String path, JsonNode map, String... keys) throws AgentsFileException {
        if (!map.isObject()) {
            throw wrong(path, "expected a map" + (keys.length == 0 ? ", such as {}" : " with " + String.join(", ", keys)));
        }
        for (String key : map.propertyStream().map(Map.Entry::getKey).toList()) {
            if (!List.of(keys).contains(key)) {
                throw wrong(path + "." + key, "unknown key" + (keys.length == 0 ? "" : "; known are " + String.join(", ", keys)));
            }
        }
    }

    private AgentsFileException wrong(String field, String problem) {
        return new AgentsFileException("agents file " + file + ": " + at + field + ": " + problem);
    }
}
