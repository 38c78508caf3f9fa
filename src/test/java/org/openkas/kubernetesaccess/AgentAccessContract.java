package org.openkas.kubernetesaccess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.RecordedLog;

/** What every {@link AgentAccess} does for users with a token. */
abstract class AgentAccessContract {
    /** Of user Ada, who may reach agents 7 and 8 under her own name. */
    static final String ADA = "glpat-token-of-ada";
    /** Of user Bob, who may reach agent 7 as the agent itself. */
    static final String BOB = "secret-token-of-bob";
    /** Nobody's, but it begins like Ada's. */
    static final String WRONG = "glpat-token-of-adb";
    /** Exists, and neither of them may reach it. */
    static final long FOREIGN_AGENT = 9;
    /** Does not exist. */
    static final long NO_AGENT = 1_000_000;

    /** Where the implementation may write. */
    final RecordedLog log = new RecordedLog();

    abstract AgentAccess access() throws Exception;

    /** What clusters see of Ada. */
    abstract String nameOfAda();

    static Credential token(long agentId, String token) {
        return new Credential.PersonalAccessToken(agentId, token);
    }

    static RefusedException refusal(AgentAccess access, Credential credential) {
        RefusedException refusal = catchThrowableOfType(RefusedException.class, () -> access.access(credential));
        assertThat(refusal).as("a refusal of %s", credential).isNotNull();
        return refusal;
    }

    @Test
    void aUserReachesTheirAgents() throws Exception {
        AgentAccess access = access();
        for (long agent : List.of(7L, 8L)) {
            Access granted = access.access(token(agent, ADA));
            assertThat(granted.agentId()).isEqualTo(agent);
            assertThat(granted.kind()).isEqualTo(AccessKind.PERSONAL_ACCESS_TOKEN);
            assertThat(granted.identity().orElseThrow().username()).isEqualTo(nameOfAda());
        }
        assertThat(access.access(token(7, BOB)).identity()).isEmpty();
    }

    @Test
    void usersAreCountedByTheSameNumberAlways() throws Exception {
        AgentAccess access = access();
        long ada = access.access(token(7, ADA)).userId();
        assertThat(access.access(token(8, ADA)).userId()).isEqualTo(ada).isPositive();
        assertThat(access.access(token(7, BOB)).userId()).isNotEqualTo(ada).isPositive();
    }

    @Test
    void whatWasGrantedIsKnownWithoutWaiting() throws Exception {
        AgentAccess access = access();
        Access granted = access.access(token(7, ADA));
        assertThat(access.known(token(7, ADA))).contains(granted);
    }

    @Test
    void nobodyLearnsWhichAgentsAndTokensThereAre() throws Exception {
        AgentAccess access = access();
        access.access(token(7, ADA));
        List<Credential> refused = List.of(token(7, WRONG), token(FOREIGN_AGENT, ADA), token(NO_AGENT, ADA), token(NO_AGENT, WRONG),
                token(8, BOB), token(7, ADA + "x"), token(7, ADA.substring(0, ADA.length() - 1)));
        for (Credential credential : refused) {
            for (int attempt = 0; attempt < 2; attempt++) {
                RefusedException refusal = refusal(access, credential);
                assertThat(refusal.status()).isEqualTo(401);
                assertThat(refusal).hasMessage("Unauthorized");
                assertThat(refusal.shownReason()).isEmpty();
                assertThat(refusal.fault()).as("something for the operator").isFalse();
            }
            assertThat(access.known(credential)).isEmpty();
        }
        assertThat(access.access(token(7, ADA)).agentId()).as("still").isEqualTo(7);
    }

    @Test
    void secretsAreNotWrittenAnywhere() throws Exception {
        AgentAccess access = access();
        StringBuilder said = new StringBuilder();
        for (String secret : List.of(ADA, BOB, WRONG)) {
            for (Credential credential : List.of(token(7, secret), token(FOREIGN_AGENT, secret), new Credential.JobToken(7, secret),
                    new Credential.SessionCookie(7, secret, secret))) {
                said.append(credential).append(credential.kind());
                try {
                    said.append(access.access(credential));
                } catch (RefusedException e) {
                    said.append(e).append(e.getMessage()).append(e.logMessage()).append(e.loggedReason()).append(e.shownReason())
                            .append(e.remedy());
                    for (Optional<Throwable> cause = Optional.ofNullable(e.getCause()); cause.isPresent(); cause = cause
                            .map(Throwable::getCause)) {
                        said.append(cause.get());
                    }
                }
                said.append(access.known(credential));
            }
        }
        said.append(access).append(log.lines());
        for (String secret : List.of(ADA, BOB, WRONG)) {
            assertThat(said.toString()).doesNotContain(secret).doesNotContain(secret.substring(0, secret.length() / 2));
        }
    }

    @Test
    void manyAtOnceGetTheSame() throws Exception {
        AgentAccess access = access();
        List<Future<Access>> granted = new ArrayList<>();
        List<Future<Integer>> refused = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 50; i++) {
                granted.add(threads.submit(() -> access.access(token(7, ADA))));
                refused.add(threads.submit(() -> refusal(access, token(FOREIGN_AGENT, ADA)).status()));
            }
        }
        Access expected = access.access(token(7, ADA));
        for (Future<Access> one : granted) {
            assertThat(one.get()).isEqualTo(expected);
        }
        for (Future<Integer> one : refused) {
            assertThat(one.get()).isEqualTo(401);
        }
    }
}
