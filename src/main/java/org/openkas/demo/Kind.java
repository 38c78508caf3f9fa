package org.openkas.demo;

import java.util.List;
import java.util.Optional;

/**
 * A kind of object that the demo cluster knows.
 *
 * @param group the API group, empty for the core
 * @param plural its name in paths
 * @param name what {@code kind} says
 * @param shortNames what kubectl takes for it, in short
 * @param subresources paths below one object
 */
record Kind(String group, String plural, String name, boolean namespaced, List<String> shortNames, List<String> subresources) {
    static final Kind NAMESPACE = new Kind("", "namespaces", "Namespace", false, List.of("ns"), List.of("status", "finalize"));
    static final Kind NODE = new Kind("", "nodes", "Node", false, List.of("no"), List.of("status"));
    static final Kind POD = new Kind("", "pods", "Pod", true, List.of("po"),
            List.of("status", "log", "exec", "attach", "portforward"));
    static final Kind EVENT = new Kind("", "events", "Event", true, List.of("ev"), List.of());
    static final Kind DEPLOYMENT = new Kind("apps", "deployments", "Deployment", true, List.of("deploy"), List.of("status", "scale"));
    static final Kind REPLICA_SET = new Kind("apps", "replicasets", "ReplicaSet", true, List.of("rs"), List.of("status"));

    /** All kinds, in the order of {@code kubectl api-resources}. */
    static final List<Kind> ALL = List.of(new Kind("", "configmaps", "ConfigMap", true, List.of("cm"), List.of()), EVENT, NAMESPACE, NODE,
            POD, new Kind("", "secrets", "Secret", true, List.of(), List.of()),
            new Kind("", "serviceaccounts", "ServiceAccount", true, List.of("sa"), List.of()),
            new Kind("", "services", "Service", true, List.of("svc"), List.of("status")), DEPLOYMENT, REPLICA_SET,
            new Kind("coordination.k8s.io", "leases", "Lease", true, List.of(), List.of()));

    /** The groups that have a name, in order. */
    static List<String> groups() {
        return ALL.stream().map(Kind::group).filter(group -> !group.isEmpty()).distinct().toList();
    }

    static Optional<Kind> named(String group, String plural) {
        return ALL.stream().filter(kind -> kind.group.equals(group) && kind.plural.equals(plural)).findFirst();
    }

    /** Group and version as objects name it. */
    String apiVersion() {
        return group.isEmpty() ? "v1" : group + "/v1";
    }

    /** Plural and group as messages name it. */
    String qualified() {
        return group.isEmpty() ? plural : plural + "." + group;
    }
}
