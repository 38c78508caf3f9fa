package org.openkas.kubernetesaccess;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.openkas.cluster.ErrorCache;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.CachedLookup;
import org.openkas.gitlab.GitLabClient;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.GitLabRequest;
import org.openkas.kubernetesaccess.RefusedException.Detail;
import org.openkas.message.MessageRules;
import org.openkas.proto.gitlab.AuthorizeProxyUserRequest;
import org.openkas.proto.gitlab.AuthorizeProxyUserResponse;

/** What GitLab lets users reach (chapter 03 §7.2). Thread-safe. */
final class AuthorizedUsers {
    private static final String PATH = "/api/v4/internal/kubernetes/authorize_proxy_user";
    private static final String FAILED = "Failed to authorize user session";

    private final GitLabClient gitLab;
    private final CachedLookup<Question, AuthorizeProxyUserResponse> lookup;

    /** What GitLab is asked. Never prints secrets. */
    private record Question(long agentId, AccessKind kind, String accessKey, String csrfToken) {
        @Override
        public String toString() {
            return "Question[agent " + agentId + ", hidden]";
        }
    }

    AuthorizedUsers(GitLabClient gitLab, ErrorCache errors, CachedLookup.Lifetimes lifetimes, Timers timers, Executor executor, Log log) {
        this.gitLab = gitLab;
        this.lookup = new CachedLookup<>(this::ask, new CachedLookup.Refusals<>(errors, ErrorCache.Lookup.PROXY_USER, AuthorizedUsers::key),
                lifetimes, timers, executor, failure -> GitLabAgentAccess.report(failure, FAILED, log));
    }

    Access access(Credential.PersonalAccessToken token) throws RefusedException, InterruptedException {
        return access(question(token));
    }

    Access access(Credential.SessionCookie cookie) throws RefusedException, InterruptedException {
        return access(question(cookie));
    }

    Optional<Access> known(Credential.PersonalAccessToken token) {
        return known(question(token));
    }

    Optional<Access> known(Credential.SessionCookie cookie) {
        return known(question(cookie));
    }

    private static Question question(Credential.PersonalAccessToken token) {
        return new Question(token.agentId(), token.kind(), token.token(), "");
    }

    private static Question question(Credential.SessionCookie cookie) {
        return new Question(cookie.agentId(), cookie.kind(), cookie.session(), cookie.csrfToken());
    }

    private Access access(Question question) throws RefusedException, InterruptedException {
        refuseUnaskable(question);
        try {
            return access(lookup.find(question), question);
        } catch (GitLabException e) {
            throw refusal(e);
        }
    }

    private Optional<Access> known(Question question) {
        return lookup.remembered(question).map(answer -> access(answer, question));
    }

    private static Access access(AuthorizeProxyUserResponse answer, Question question) {
        return new Access(question.agentId(), UserIdentity.of(answer, question.kind()), question.kind(), answer.getUser().getId(),
                answer.getAgent().getConfigProject().getId());
    }

    private static void refuseUnaskable(Question question) throws RefusedException {
        Optional<String> violations = MessageRules.violations(AuthorizeProxyUserRequest.newBuilder().setAgentId(question.agentId())
                .setAccessType(question.kind().label()).setAccessKey(question.accessKey()).setCsrfToken(question.csrfToken()).build());
        if (violations.isPresent()) {
            // a client's mistake that GitLab is not asked about: nothing for the operator
            throw RefusedException.fault(FAILED, Detail.LOGGED, true, "",
                    new CredentialException("WithProtoJsonRequestBody: " + violations.get()));
        }
    }

    private AuthorizeProxyUserResponse ask(Question question, CachedLookup.Occasion occasion) throws GitLabException, InterruptedException {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        // a text, as the JSON form of messages writes 64-bit integers
        body.put("agent_id", Long.toString(question.agentId()));
        body.put("access_type", question.kind().label());
        body.put("access_key", question.accessKey());
        if (!question.csrfToken().isEmpty()) {
            body.put("csrf_token", question.csrfToken());
        }
        return gitLab.message(
                GitLabAgentAccess.on(occasion, GitLabRequest.of("POST", PATH).json(body.toString()).retried().explained()),
                AuthorizeProxyUserResponse.getDefaultInstance());
    }

    private static ByteString key(Question question) {
        return new HalfHash().number(question.agentId()).text(question.kind().label()).separator().half(question.accessKey()).separator()
                .text(question.csrfToken()).digest();
    }

    private static RefusedException refusal(GitLabException failure) {
        return switch (failure.kind()) {
            // one answer for all, so that nobody finds out which agents there are
            case UNAUTHORIZED, FORBIDDEN, NOT_FOUND -> RefusedException.because(401, "Unauthorized", "Authorize proxy user error",
                    Detail.LOGGED, failure);
            case UNAVAILABLE -> RefusedException.fault(FAILED, Detail.LOGGED, failure.firstReport(), failure.remedy(), failure);
        };
    }
}
