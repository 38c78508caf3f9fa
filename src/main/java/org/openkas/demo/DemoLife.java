package org.openkas.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.openkas.common.Timers;

/**
 * What goes on in the demo cluster by itself, a step a second: deployments get their pods, pods come up, print and end, and
 * every {@value #VISIT_EVERY} seconds a visitor comes, so that a watch has something to show. One step at a time.
 */
final class DemoLife {
    private static final int VISIT_EVERY = 15;
    private static final int VISIT_LASTS = 5;

    private final ObjectStore store;
    private final PodLogs logs;
    private final PodFiles files;
    private final Timers timers;
    private long steps;
    private int address = 10;

    DemoLife(ObjectStore store, PodLogs logs, PodFiles files, Timers timers) {
        this.store = store;
        this.logs = logs;
        this.files = files;
        this.timers = timers;
    }

    /** What is there at the start. */
    void begin() throws ApiFailure {
        for (String namespace : List.of("default", "demo", "kube-system")) {
            ObjectNode object = Json.object();
            object.putObject("metadata").put("name", namespace).putObject("labels").put("kubernetes.io/metadata.name", namespace);
            store.create(Kind.NAMESPACE, "", object, false);
        }
        store.create(Kind.NODE, "",
                Json.of("""
                        {'metadata':{'name':'demo-node','labels':{'kubernetes.io/hostname':'demo-node'}},
                        'spec':{},'status':{'capacity':{'cpu':'2','memory':'4Gi','pods':'110'},'allocatable':{'cpu':'2','memory':'4Gi','pods':'110'},
                        'conditions':[{'type':'Ready','status':'True','reason':'Demo','message':'the demo cluster has one node'}],
                        'addresses':[{'type':'Hostname','address':'demo-node'}],
                        'nodeInfo':{'kubeletVersion':'%s','osImage':'OpenKAS demo','operatingSystem':'linux','architecture':'amd64',
                        'containerRuntimeVersion':'toy://1','kernelVersion':'','kubeProxyVersion':'','machineID':'','systemUUID':'','bootID':''}}}
                        """
                        .formatted(Discovery.VERSION)),
                false);
        store.create(Kind.named("", "configmaps").orElseThrow(), "default", Json.of("""
                {'metadata':{'name':'greeting'},'data':{'text':'Hello from the demo cluster'}}"""), false);
        store.create(Kind.DEPLOYMENT, "default", Json.of("""
                {'metadata':{'name':'hello','labels':{'app':'hello'}},'spec':{'replicas':2,'selector':{'matchLabels':{'app':'hello'}},
                'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':'25%','maxUnavailable':'25%'}},
                'template':{'metadata':{'labels':{'app':'hello'}},'spec':{'containers':[{'name':'web','image':'demo/hello:1',
                'ports':[{'containerPort':80,'protocol':'TCP'}]}]}}}}"""), false);
        store.create(Kind.named("", "services").orElseThrow(), "default", Json.of("""
                {'metadata':{'name':'hello'},'spec':{'type':'ClusterIP','clusterIP':'10.96.0.10','selector':{'app':'hello'},
                'ports':[{'port':80,'targetPort':80,'protocol':'TCP'}]}}"""), false);
        store.create(Kind.POD, "default", pod("clock", "clock", "demo/clock:1"), false);
        step();
        step();
        step();
    }

    private static ObjectNode pod(String name, String container, String image) {
        return Json.of(("{'metadata':{'name':'%s','labels':{'app':'%s'}},'spec':{'restartPolicy':'Always','containers':[{'name':'%s',"
                + "'image':'%s'}]}}").formatted(name, container, container, image));
    }

    /** Lets a second pass. Called once a second. */
    synchronized void step() {
        steps++;
        try {
            endNamespaces();
            for (ObjectNode deployment : store.list(Kind.DEPLOYMENT, "").objects()) {
                deploy(deployment);
            }
            for (ObjectNode replicas : store.list(Kind.REPLICA_SET, "").objects()) {
                replicate(replicas);
            }
            if (steps % VISIT_EVERY == 0) {
                store.create(Kind.POD, "default", visitor(), false);
            }
            for (ObjectNode pod : store.list(Kind.POD, "").objects()) {
                live(pod);
            }
        } catch (ApiFailure e) {
            // somebody changed what this step was about to change: the next step sees how it is now
        }
    }

    private ObjectNode visitor() {
        ObjectNode pod = pod("visitor-" + store.suffix(), "visitor", "demo/visitor:1");
        pod.withObjectProperty("spec").put("restartPolicy", "Never");
        return pod;
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
            } else if (!namespace.has("status")) {
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
            event(deployment, Kind.DEPLOYMENT, "ScalingReplicaSet", "Scaled up replica set " + wanted + " to " + replicas);
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
            event(set, Kind.REPLICA_SET, "SuccessfulCreate", "Created pod: " + name(pod));
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
            ending.withObjectProperty("metadata").put("deletionTimestamp", seconds(timers.now()));
            store.update(Kind.POD, namespace(ending), name(ending), ending, false);
        }
    }

    private void live(ObjectNode pod) throws ApiFailure {
        String uid = Json.text(pod, "metadata", "uid");
        if (pod.path("metadata").has("deletionTimestamp")) {
            if (older(pod, "deletionTimestamp", 1)) {
                store.remove(Kind.POD, namespace(pod), name(pod));
                logs.forget(uid);
                files.forget(uid);
            }
            return;
        }
        String phase = Json.text(pod, "status", "phase");
        if (phase.isEmpty()) {
            PodStatus status = new PodStatus(pod, timers.now(), "10.244.0." + address++ % 250);
            status.pending();
            store.update(Kind.POD, namespace(pod), name(pod), status.pod(), false);
            event(pod, Kind.POD, "Scheduled", "Successfully assigned " + namespace(pod) + "/" + name(pod) + " to demo-node");
        } else if (phase.equals("Pending")) {
            PodStatus status = new PodStatus(pod, timers.now(), Json.text(pod, "status", "podIP"));
            status.running();
            store.update(Kind.POD, namespace(pod), name(pod), status.pod(), false);
            event(pod, Kind.POD, "Started", "Started container " + pod.at("/spec/containers/0/name").asText());
            logs.print(uid, "container " + pod.at("/spec/containers/0/name").asText() + " of pod " + name(pod) + " started");
        } else if (phase.equals("Running")) {
            run(pod, uid);
        } else if (Json.text(pod, "metadata", "labels", "app").equals("visitor") && older(pod, "creationTimestamp", 2 * VISIT_EVERY)) {
            store.remove(Kind.POD, namespace(pod), name(pod));
            logs.forget(uid);
        }
    }

    private void run(ObjectNode pod, String uid) throws ApiFailure {
        switch (Json.text(pod, "metadata", "labels", "app")) {
            case "clock" -> logs.print(uid, "it is " + seconds(timers.now()));
            case "visitor" -> {
                logs.print(uid, "looking around");
                if (older(pod, "creationTimestamp", VISIT_LASTS)) {
                    PodStatus status = new PodStatus(pod, timers.now(), Json.text(pod, "status", "podIP"));
                    status.completed();
                    store.update(Kind.POD, namespace(pod), name(pod), status.pod(), false);
                }
            }
            default -> {
                // runs, and says nothing
            }
        }
    }

    private boolean older(ObjectNode object, String timestamp, int seconds) {
        return !Instant.parse(Json.text(object, "metadata", timestamp)).plusSeconds(seconds).isAfter(timers.now());
    }

    private void status(ObjectNode object, Kind kind, ObjectNode status) throws ApiFailure {
        ObjectNode present = store.get(kind, namespace(object), name(object));
        if (!present.path("status").equals(status)) {
            ObjectNode changed = present.deepCopy();
            changed.set("status", status);
            store.update(kind, namespace(object), name(object), changed, false);
        }
    }

    private void event(ObjectNode object, Kind kind, String reason, String message) throws ApiFailure {
        ObjectNode event = Json.object();
        event.putObject("metadata").put("name", name(object) + "." + store.suffix());
        event.putObject("involvedObject").put("kind", kind.name()).put("namespace", namespace(object)).put("name", name(object))
                .put("uid", Json.text(object, "metadata", "uid")).put("apiVersion", kind.apiVersion());
        String now = seconds(timers.now());
        event.put("reason", reason).put("message", message).put("type", "Normal").put("count", 1).put("firstTimestamp", now)
                .put("lastTimestamp", now).putObject("source").put("component", "demo");
        store.create(Kind.EVENT, namespace(object), event, false);
        List<ObjectNode> events = store.list(Kind.EVENT, "").objects();
        if (events.size() > 200) {
            events.stream().min(java.util.Comparator.comparing(old -> Json.text(old, "lastTimestamp")))
                    .ifPresent(old -> store.remove(Kind.EVENT, namespace(old), name(old)));
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

    private static String seconds(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** How often {@link #step} is called. */
    static Duration pace() {
        return Duration.ofSeconds(1);
    }
}
