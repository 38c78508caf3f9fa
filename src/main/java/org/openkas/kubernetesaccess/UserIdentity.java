package org.openkas.kubernetesaccess;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.openkas.proto.gitlab.AccessAsUserAuthorization;
import org.openkas.proto.gitlab.AuthorizeProxyUserResponse;

/** Whom agents pose as for users (chapter 03 §8.1, §8.4, §8.5). */
final class UserIdentity {
    private UserIdentity() {
    }

    /** Empty for the agent's own identity. */
    static Optional<Identity> of(AuthorizeProxyUserResponse answer, AccessKind kind) {
        return switch (answer.getAccessAs().getAccessAsCase()) {
            case AGENT, ACCESSAS_NOT_SET -> Optional.empty();
            case USER -> Optional.of(new Identity("gitlab:user:" + answer.getUser().getUsername(), groups(answer.getAccessAs().getUser()),
                    "", extra(answer, kind)));
        };
    }

    private static List<String> groups(AccessAsUserAuthorization user) {
        List<String> groups = new ArrayList<>();
        groups.add("gitlab:user");
        user.getProjectsList().forEach(project -> project.getRolesList()
                .forEach(role -> groups.add("gitlab:project_role:" + project.getId() + ":" + role)));
        user.getGroupsList()
                .forEach(group -> group.getRolesList().forEach(role -> groups.add("gitlab:group_role:" + group.getId() + ":" + role)));
        return List.copyOf(groups);
    }

    private static List<Identity.Extra> extra(AuthorizeProxyUserResponse answer, AccessKind kind) {
        return List.of(ExtraKeys.one(ExtraKeys.AGENT, answer.getAgent().getId()),
                ExtraKeys.one(ExtraKeys.USERNAME, answer.getUser().getUsername()), ExtraKeys.one(ExtraKeys.ACCESS_TYPE, kind.label()),
                ExtraKeys.one(ExtraKeys.CONFIG_PROJECT, answer.getAgent().getConfigProject().getId()));
    }
}
