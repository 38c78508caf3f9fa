package org.openkas.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.openkas.common.Timers;

/** Brings what is there nearer to what is wanted: namespaces end with what they hold, deployments get their pods. */
final class DemoControllers {
    private final ObjectStore store;
    private final DemoEvents events;
    private final Timers timers;

    DemoControllers(ObjectStore store, DemoEvents events, Timers timers) {
        this.store = store;
        this.events = events;
        this.timers = timers;
    }

    /** One step for everything. */
    void step() throws ApiFailure {
        endNamespaces();
        for (ObjectNode deployment : store.list(Kind.DEPLOYMENT, "").objects()) {
            deploy(deployment);
        }
        for (ObjectNode replicas : store.list(Kind.REPLICA_SET, "").objects()) {
            replicate(replicas);
        }
    }

    private void endNamespaces() throws ApiFailure {
        for (ObjectNode namespace : store.list(Kind.NAMESPACE, "").objects()) {
            String name = name(namespace);
            if (namespace.path("metadata").has("deletionTimestamp")) {
                for (Kind kind : Kind.ALL) {
                    if (kind.namespaced()) {
                        store.list(kind, name).objects().forEach(object -> store.remove(kind, name, name(object)));
                    }
                }
                store.remove(Kind.NAMESPACE, "", name);
            } else if (Json.text(namespace, "status", "phase").isEmpty()) {
                ObjectNode active = namespace.deepCopy();
                active.putObject("status").put("phase", "Active");
                store.update(Kind.NAMESPACE, "", name, active, false);
            }
        }
    }

    private void deploy(ObjectNode deployment) throws ApiFailure {
        String namespace = namespace(deployment);
        String hash = Integer.toUnsignedString(deployment.at("/spec/template").hashCode(), 36);
        String wanted = name(deployment) + "-" + hash;
        int replicas = deployment.at("/spec/replicas").asInt(1);
        int pods = 0;
        int ready = 0;
        int updated = 0;
        for (ObjectNode set : store.list(Kind.REPLICA_SET, namespace).objects()) {
            if (owns(deployment, set)) {
                boolean current = name(set).equals(wanted);
                scale(set, current ? replicas : 0);
                pods += set.at("/status/replicas").asInt();
                ready += set.at("/status/readyReplicas").asInt();
                updated += current ? set.at("/status/replicas").asInt() : 0;
            }
        }
        if (store.find(Kind.REPLICA_SET, namespace, wanted).isEmpty()) {
            ObjectNode set = owned(deployment, Kind.DEPLOYMENT);
            set.withObjectProperty("metadata").put("name", wanted);
            set.withObjectProperty("metadata").set("labels", deployment.at("/spec/template/metadata/labels").deepCopy());
            ObjectNode spec = set.putObject("spec").put("replicas", replicas);
            spec.set("selector", deployment.at("/spec/selector"));
            spec.set("template", deployment.at("/spec/template"));
            store.create(Kind.REPLICA_SET, namespace, set, false);
            events.tell(deployment, Kind.DEPLOYMENT, "ScalingReplicaSet", "Scaled up replica set " + wanted + " to " + replicas);
        }
        ObjectNode status = Json.object().put("observedGeneration", deployment.at("/metadata/generation").asLong()).put("replicas", pods)
                .put("updatedReplicas", updated).put("readyReplicas", ready).put("availableReplicas", ready);
        status.putArray("conditions").addObject().put("type", "Available").put("status", ready >= replicas ? "True" : "False")
                .put("reason", "MinimumReplicasAvailable");
        status(deployment, Kind.DEPLOYMENT, status);
    }

    private void scale(ObjectNode set, int replicas) throws ApiFailure {
        if (set.at("/spec/replicas").asInt() != replicas) {
            ObjectNode scaled = set.deepCopy();
            scaled.withObjectProperty("spec").put("replicas", replicas);
            store.update(Kind.REPLICA_SET, namespace(set), name(set), scaled, false);
        }
    }

    private void replicate(ObjectNode set) throws ApiFailure {
        String namespace = namespace(set);
        if (set.at("/metadata/ownerReferences/0/kind").asText().equals("Deployment")
                && store.find(Kind.DEPLOYMENT, namespace, set.at("/metadata/ownerReferences/0/name").asText()).isEmpty()) {
            store.remove(Kind.REPLICA_SET, namespace, name(set));
            scaleDown(podsOf(set), 0);
            return;
        }
        List<ObjectNode> pods = podsOf(set);
        int wanted = set.at("/spec/replicas").asInt();
        for (int i = pods.size(); i < wanted; i++) {
            ObjectNode pod = owned(set, Kind.REPLICA_SET);
            pod.withObjectProperty("metadata").put("name", name(set) + "-" + store.suffix());
            pod.withObjectProperty("metadata").set("labels", set.at("/spec/template/metadata/labels"));
            pod.set("spec", set.at("/spec/template/spec"));
            store.create(Kind.POD, namespace, pod, false);
            events.tell(set, Kind.REPLICA_SET, "SuccessfulCreate", "Created pod: " + name(pod));
        }
        scaleDown(pods, wanted);
        long ready = pods.stream().filter(pod -> pod.at("/status/containerStatuses/0/ready").asBoolean()).count();
        status(set, Kind.REPLICA_SET, Json.object().put("replicas", Math.max(wanted, pods.size())).put("readyReplicas", ready));
    }

    private List<ObjectNode> podsOf(ObjectNode set) {
        List<ObjectNode> pods = new ArrayList<>();
        for (ObjectNode pod : store.list(Kind.POD, namespace(set)).objects()) {
            if (owns(set, pod) && !pod.path("metadata").has("deletionTimestamp")) {
                pods.add(pod);
            }
        }
        return pods;
    }

    private void scaleDown(List<ObjectNode> pods, int wanted) throws ApiFailure {
        for (int i = wanted; i < pods.size(); i++) {
            ObjectNode ending = pods.get(i).deepCopy();
            ending.withObjectProperty("metadata").put("deletionTimestamp", timers.now().truncatedTo(ChronoUnit.SECONDS).toString());
            store.update(Kind.POD, namespace(ending), name(ending), ending, false);
        }
    }

    private void status(ObjectNode object, Kind kind, ObjectNode status) throws ApiFailure {
        ObjectNode present = store.get(kind, namespace(object), name(object));
        if (!present.path("status").equals(status)) {
            ObjectNode changed = present.deepCopy();
            changed.set("status", status);
            store.update(kind, namespace(object), name(object), changed, false);
        }
    }

    private static ObjectNode owned(ObjectNode owner, Kind kind) {
        ObjectNode object = Json.object();
        object.putObject("metadata").putArray("ownerReferences").addObject().setAll(Map.<String, JsonNode>of("name",
                owner.at("/metadata/name"), "uid", owner.at("/metadata/uid")));
        ((ObjectNode) object.at("/metadata/ownerReferences/0")).put("kind", kind.name()).put("apiVersion", kind.apiVersion())
                .put("controller", true);
        return object;
    }

    private static boolean owns(ObjectNode owner, ObjectNode object) {
        return object.at("/metadata/ownerReferences/0/uid").equals(owner.at("/metadata/uid"));
    }

    private static String name(ObjectNode object) {
        return Json.text(object, "metadata", "name");
    }

    private static String namespace(ObjectNode object) {
        return Json.text(object, "metadata", "namespace");
    }
}
