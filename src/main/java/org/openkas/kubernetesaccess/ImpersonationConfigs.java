package org.openkas.kubernetesaccess;

import org.openkas.proto.kubernetesapi.ExtraKeyVal;
import org.openkas.proto.kubernetesapi.ImpersonationConfig;

/** Identities as messages: for agents, and for tokens (chapter 03 §8.1). Without state. */
public final class ImpersonationConfigs {
    private ImpersonationConfigs() {
    }

    /** The message that says whom an agent poses as. */
    public static ImpersonationConfig of(Identity identity) {
        ImpersonationConfig.Builder config = ImpersonationConfig.newBuilder().setUsername(identity.username())
                .addAllGroups(identity.groups()).setUid(identity.uid());
        identity.extra().forEach(extra -> config.addExtra(ExtraKeyVal.newBuilder().setKey(extra.key()).addAllVal(extra.values())));
        return config.build();
    }

    /** The other way round. */
    static Identity identity(ImpersonationConfig config) {
        return new Identity(config.getUsername(), config.getGroupsList().stream().toList(), config.getUid(),
                config.getExtraList().stream().map(extra -> new Identity.Extra(extra.getKey(), extra.getValList().stream().toList()))
                        .toList());
    }
}
