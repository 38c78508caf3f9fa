package org.openkas.kubernetesaccess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.openkas.proto.agentcfg.CiAccessAsImpersonateCF;
import org.openkas.standalone.StandaloneUser;

class StandaloneAgentAccessTest {
    private static final StandaloneUser ADA = new StandaloneUser("ada", "digest", Set.of(7L),
            Optional.of(CiAccessAsImpersonateCF.newBuilder().setUsername("ada").addGroups("g").build()));

    private final StandaloneAgentAccess access = new StandaloneAgentAccess(
            token -> token.equals("good") ? Optional.of(ADA) : Optional.empty());

    @Test
    void aUserReachesTheirAgentsAsConfigured() throws Exception {
        Access granted = access.access(new Credential.PersonalAccessToken(7, "good"));
        assertThat(granted.agentId()).isEqualTo(7);
        assertThat(granted.identity()).contains(new Identity("ada", List.of("g"), "", List.of()));
        assertThat(granted.userId()).isEqualTo(ADA.id());
        assertThat(access.known(new Credential.PersonalAccessToken(7, "good"))).contains(granted);
    }

    @Test
    void aWrongTokenAndAnotherAgentLookTheSame() {
        RefusedException token = refusal(new Credential.PersonalAccessToken(7, "bad"));
        RefusedException agent = refusal(new Credential.PersonalAccessToken(8, "good"));
        assertThat(List.of(token.status(), agent.status())).containsOnly(401);
        assertThat(agent).hasMessage(token.getMessage());
        assertThat(token.shownReason()).isEmpty();
        assertThat(agent.shownReason()).isEmpty();
    }

    @Test
    void otherCredentialsAreNamedAsUnusable() {
        for (Credential credential : List.of(new Credential.JobToken(7, "good"), new Credential.SessionCookie(7, "good", ""))) {
            RefusedException refusal = refusal(credential);
            assertThat(refusal.status()).isEqualTo(401);
            assertThat(refusal.shownReason().orElseThrow()).contains("pat:<agent id>:<token>");
        }
    }

    private RefusedException refusal(Credential credential) {
        return catchThrowableOfType(RefusedException.class, () -> access.access(credential));
    }
}
