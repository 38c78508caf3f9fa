package org.openkas.gitlab;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.openkas.common.AgentToken;

/**
 * A call to GitLab's HTTP API, told by what makes it different from others: by default it carries this server's own token and
 * nothing else, and is attempted once. Immutable; never prints tokens.
 */
public final class GitLabRequest {
    /** What kinds of calls differ in. */
    enum Trait {
        /** Without this server's own token. */
        FOREIGN,
        /** Attempted again as chapter 02 §2.8 says. */
        RETRIED,
        /** Leaves the last tokens of the rate limit to others. */
        BACKGROUND,
        /** The body of an error answer says why. */
        EXPLAINED
    }

    private final String method;
    private final String path;
    private final Map<String, List<String>> query;
    private final Map<String, List<String>> headers;
    private final Optional<AgentToken> agent;
    private final RequestBody body;
    private final Set<Trait> traits;
    private final Optional<Duration> patience;

    private GitLabRequest(String method, String path, Map<String, List<String>> query, Map<String, List<String>> headers,
            Optional<AgentToken> agent, RequestBody body, Set<Trait> traits, Optional<Duration> patience) {
        this.method = method;
        this.path = path;
        this.query = query;
        this.headers = headers;
        this.agent = agent;
        this.body = body;
        this.traits = traits;
        this.patience = patience;
    }

    /**
     * A request without query and body.
     *
     * @param path below GitLab's address, not encoded, such as {@code /api/v4/internal/kubernetes/agent_info}
     */
    public static GitLabRequest of(String method, String path) {
        return new GitLabRequest(method, path, Map.of(), Map.of(), Optional.empty(), RequestBody.NONE, Set.of(), Optional.empty());
    }

    /** With these values of one query parameter instead of earlier ones. */
    public GitLabRequest query(String name, List<String> values) {
        return queries(Map.of(name, values));
    }

    /** With these values of these query parameters instead of earlier ones. */
    public GitLabRequest queries(Map<String, List<String>> values) {
        return new GitLabRequest(method, path, with(query, values), headers, agent, body, traits, patience);
    }

    /** With these values of one header instead of earlier ones; headers that the server sends anyway win over them. */
    public GitLabRequest header(String name, List<String> values) {
        return headers(Map.of(name.toLowerCase(Locale.ROOT), values));
    }

    /** As {@link #header} of all of them; names are in lower case. */
    public GitLabRequest headers(Map<String, List<String>> values) {
        return new GitLabRequest(method, path, query, with(headers, values), agent, body, traits, patience);
    }

    /** On behalf of an agent: with its token, in the headers that this path needs (chapter 07 §5.1). */
    public GitLabRequest asAgent(AgentToken token) {
        return new GitLabRequest(method, path, query, headers, Optional.of(token), body, traits, patience);
    }

    /** Without this server's own token, for paths that know other credentials. */
    public GitLabRequest withoutServerToken() {
        return with(Trait.FOREIGN);
    }

    /** With this body, whatever it is. */
    public GitLabRequest body(ByteString content) {
        return body(RequestBody.of(content));
    }

    /** With this body, which must be there until the call is over. */
    public GitLabRequest body(RequestBody content) {
        return new GitLabRequest(method, path, query, headers, agent, content, traits, patience);
    }

    /** With a body of type {@code application/json}. */
    public GitLabRequest json(String json) {
        return header("Content-Type", List.of("application/json")).body(ByteString.copyFromUtf8(json));
    }

    /** Attempted up to five times as chapter 02 §2.8 says. */
    public GitLabRequest retried() {
        return with(Trait.RETRIED);
    }

    /** Of the kind that may wait while others are in a hurry. */
    public GitLabRequest inBackground() {
        return with(Trait.BACKGROUND);
    }

    /** The reason in the body of an error answer is wanted (chapter 02 §2.9). */
    public GitLabRequest explained() {
        return with(Trait.EXPLAINED);
    }

    /** The whole call, all attempts included, must be over within this time. */
    public GitLabRequest within(Duration time) {
        return new GitLabRequest(method, path, query, headers, agent, body, traits, Optional.of(time));
    }

    private GitLabRequest with(Trait trait) {
        EnumSet<Trait> more = EnumSet.of(trait);
        more.addAll(traits);
        return new GitLabRequest(method, path, query, headers, agent, body, Set.copyOf(more), patience);
    }

    private static Map<String, List<String>> with(Map<String, List<String>> map, Map<String, List<String>> values) {
        Map<String, List<String>> more = new TreeMap<>(map);
        values.forEach((name, all) -> more.put(name, List.copyOf(all)));
        return Map.copyOf(more);
    }

    String method() {
        return method;
    }

    String path() {
        return path;
    }

    Map<String, List<String>> query() {
        return query;
    }

    /** By lower-case name. */
    Map<String, List<String>> headers() {
        return headers;
    }

    Optional<AgentToken> agent() {
        return agent;
    }

    RequestBody body() {
        return body;
    }

    boolean is(Trait trait) {
        return traits.contains(trait);
    }

    Optional<Duration> patience() {
        return patience;
    }

    @Override
    public String toString() {
        return method + " " + path;
    }
}
