package org.openkas.kubernetesaccess;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.openkas.common.GoText;

/** Finds the credential of a request (chapter 03 §6). Without state. */
public final class CredentialReader {
    /** The query parameter that may name the agent. */
    public static final String AGENT_PARAMETER = "gitlab-agent-id";
    /** The query parameter that may hold the CSRF token. */
    public static final String CSRF_PARAMETER = "gitlab-csrf-token";
    /** The header that may name the agent. */
    public static final String AGENT_HEADER = "Gitlab-Agent-Id";
    /** The header that may hold the CSRF token. */
    public static final String CSRF_HEADER = "X-Csrf-Token";

    private static final String AUTHORIZATION = "Authorization header: ";
    private static final String BEARER = "Bearer ";

    private CredentialReader() {
    }

    /**
     * The credential that counts.
     *
     * @param headers the lines of a header by its canonical name; empty if there is none
     * @param query the decoded parameters by name
     * @throws CredentialException if there is none, or none that can be used
     */
    public static Credential read(Function<String, List<String>> headers, Map<String, List<String>> query) throws CredentialException {
        List<String> authorization = headers.apply("Authorization");
        if (!authorization.isEmpty()) {
            return bearer(authorization);
        }
        Optional<String> cookie = SessionCookies.first(headers.apply("Cookie"));
        if (cookie.isEmpty()) {
            throw new CredentialException("no valid credentials provided");
        }
        String session = SessionCookies.decoded(cookie.get());
        long agent = agentId(either("agent id", headers.apply(AGENT_HEADER), AGENT_HEADER, query, AGENT_PARAMETER));
        String csrf = either("CSRF token", headers.apply(CSRF_HEADER), CSRF_HEADER, query, CSRF_PARAMETER);
        return new Credential.SessionCookie(agent, session, csrf);
    }

    private static Credential bearer(List<String> lines) throws CredentialException {
        if (lines.size() != 1) {
            throw new CredentialException(AUTHORIZATION + "expecting a single header, got " + lines.size());
        }
        if (!lines.getFirst().startsWith(BEARER)) {
            throw new CredentialException(AUTHORIZATION + "expecting Bearer token");
        }
        String value = lines.getFirst().substring(BEARER.length());
        int kindEnd = colon(value, 0);
        String kind = value.substring(0, kindEnd);
        if (!kind.equals("ci") && !kind.equals("pat")) {
            throw new CredentialException(AUTHORIZATION + "unknown token type");
        }
        int idEnd = colon(value, kindEnd + 1);
        String id = value.substring(kindEnd + 1, idEnd);
        Optional<String> problem = DecimalNumber.problem(id);
        if (problem.isPresent()) {
            throw new CredentialException(
                    AUTHORIZATION + "failed to parse: strconv.ParseInt: parsing " + GoText.quoted(id) + ": " + problem.get());
        }
        String token = value.substring(idEnd + 1);
        if (token.isEmpty()) {
            throw new CredentialException(AUTHORIZATION + "empty token");
        }
        long agent = Long.parseLong(id);
        return kind.equals("ci") ? new Credential.JobToken(agent, token) : new Credential.PersonalAccessToken(agent, token);
    }

    private static int colon(String value, int from) throws CredentialException {
        int colon = value.indexOf(':', from);
        if (colon < 0) {
            throw new CredentialException(AUTHORIZATION + "invalid value");
        }
        return colon;
    }

    private static long agentId(String text) throws CredentialException {
        if (DecimalNumber.problem(text).isPresent()) {
            throw new CredentialException("agent id in request: invalid value: " + GoText.quoted(text));
        }
        return Long.parseLong(text);
    }

    private static String either(String what, List<String> lines, String header, Map<String, List<String>> query, String parameter)
            throws CredentialException {
        if (lines.size() == 1) {
            return lines.getFirst();
        }
        if (lines.size() > 1) {
            throw new CredentialException(header + " header must have exactly one value");
        }
        List<String> values = query.getOrDefault(parameter, List.of());
        if (values.size() != 1) {
            throw new CredentialException("exactly one " + what + " must be provided either in the \"" + header + "\" header or \""
                    + parameter + "\" query parameter");
        }
        return values.getFirst();
    }
}
