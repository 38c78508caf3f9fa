package org.openkas.kubernetesaccess;

import java.util.List;

/** Names of the further facts about identities (chapter 03 §8.3, §8.5). */
final class ExtraKeys {
    static final String AGENT = "id";
    static final String CONFIG_PROJECT = "config_project_id";
    static final String USERNAME = "username";
    static final String ACCESS_TYPE = "access_type";

    private static final String DOMAIN = "agent.gitlab.com/";

    private ExtraKeys() {
    }

    /** A fact with one value. */
    static Identity.Extra one(String name, Object value) {
        return new Identity.Extra(DOMAIN + name, List.of(String.valueOf(value)));
    }
}
