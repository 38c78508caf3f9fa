package org.openkas.kubernetesaccess;

import java.util.List;

/**
 * Whom an agent poses as towards the cluster (chapter 03 §8.1). Immutable.
 *
 * @param uid may be empty
 */
public record Identity(String username, List<String> groups, String uid, List<Extra> extra) {

    /** Further facts about the identity: a name with values. */
    public record Extra(String key, List<String> values) {
    }
}
