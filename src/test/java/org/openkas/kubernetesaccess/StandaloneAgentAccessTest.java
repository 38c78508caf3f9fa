package org.openkas.kubernetesaccess;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.openkas.proto.agentcfg.CiAccessAsImpersonateCF;
import org.openkas.proto.agentcfg.ExtraKeyValCF;
import org.openkas.standalone.StandaloneUser;

class StandaloneAgentAccessTest extends AgentAccessContract {
    private static final CiAccessAsImpersonateCF AS_ADA = CiAccessAsImpersonateCF.newBuilder().setUsername("ada").addGroups("g").setUid("1")
            .addExtra(ExtraKeyValCF.newBuilder().setKey("k").addVal("v")).build();
    private static final Map<String, StandaloneUser> USERS = Map.of(ADA,
            new StandaloneUser("ada", "digest", Set.of(7L, 8L), Optional.of(AS_ADA)), BOB,
            new StandaloneUser("bob", "digest", Set.of(7L), Optional.empty()));

    private final StandaloneAgentAccess access = new StandaloneAgentAccess(token -> Optional.ofNullable(USERS.get(token)));

    @Override
    AgentAccess access() {
        return access;
    }

    @Override
    String nameOfAda() {
        return "ada";
    }

    @Test
    void theIdentityIsTheOneOfTheFile() throws Exception {
        assertThat(access.access(token(7, ADA)).identity())
                .contains(new Identity("ada", List.of("g"), "1", List.of(new Identity.Extra("k", List.of("v")))));
    }

    @Test
    void everythingIsKnownWithoutWaiting() {
        assertThat(access.known(token(7, ADA))).isPresent();
        assertThat(access.known(new Credential.JobToken(7, ADA))).isEmpty();
    }

    @Test
    void otherCredentialsAreNamedAsUnusable() {
        for (Credential credential : List.of(new Credential.JobToken(7, ADA), new Credential.SessionCookie(7, ADA, ""))) {
            RefusedException refusal = refusal(access, credential);
            assertThat(refusal.status()).isEqualTo(401);
            assertThat(refusal.shownReason().orElseThrow()).contains("pat:<agent id>:<token>");
        }
    }
}
