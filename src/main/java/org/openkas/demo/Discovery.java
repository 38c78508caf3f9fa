package org.openkas.demo;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/** What the demo cluster says about itself: its version, its groups, its kinds, and their schemas. */
final class Discovery {
    /** The release that the cluster pretends to be. */
    static final String VERSION = "v1.32.0+openkas.demo";

    private static final List<String> VERBS = List.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");

    private Discovery() {
    }

    /** The answer for a path of discovery; empty for any other path. */
    static Optional<ObjectNode> at(String path) {
        return switch (path) {
            case "/version", "/version/" -> Optional.of(Json.object().put("major", "1").put("minor", "32").put("gitVersion", VERSION)
                    .put("gitCommit", "").put("gitTreeState", "clean").put("buildDate", "1970-01-01T00:00:00Z").put("goVersion", "none")
                    .put("compiler", "javac").put("platform", "linux/amd64"));
            case "/api", "/api/" -> Optional.of(Json.of("{'kind':'APIVersions','versions':['v1'],'serverAddressByClientCIDRs':[]}"));
            case "/apis", "/apis/" -> Optional.of(groups());
            case "/openapi/v3", "/openapi/v3/" -> Optional.of(openApiIndex());
            default -> below(path);
        };
    }

    private static Optional<ObjectNode> below(String path) {
        if (path.startsWith("/openapi/v3/")) {
            String groupVersion = path.substring("/openapi/v3/".length());
            return groupOf(groupVersion).map(group -> OpenApi.document(group, groupVersion));
        }
        return groupOf(path.substring(1)).map(Discovery::resources).or(() -> groupAt(path));
    }

    private static Optional<String> groupOf(String groupVersion) {
        if (groupVersion.equals("api/v1")) {
            return Optional.of("");
        }
        return allGroups().stream().filter(group -> groupVersion.equals("apis/" + group + "/v1")).findFirst();
    }

    private static Optional<ObjectNode> groupAt(String path) {
        return allGroups().stream().filter(name -> path.equals("/apis/" + name))
                .map(name -> group(name).put("kind", "APIGroup").put("apiVersion", "v1")).findFirst();
    }

    private static List<String> allGroups() {
        List<String> all = new java.util.ArrayList<>(Kind.groups());
        all.addAll(List.of("authentication.k8s.io", "authorization.k8s.io"));
        return all;
    }

    private static ObjectNode groups() {
        ObjectNode list = Json.object("v1", "APIGroupList");
        ArrayNode groups = list.putArray("groups");
        allGroups().forEach(name -> groups.add(group(name)));
        return list;
    }

    private static ObjectNode group(String name) {
        ObjectNode group = Json.object().put("name", name);
        group.putArray("versions").addObject().put("groupVersion", name + "/v1").put("version", "v1");
        group.putObject("preferredVersion").put("groupVersion", name + "/v1").put("version", "v1");
        return group;
    }

    private static ObjectNode resources(String group) {
        String groupVersion = group.isEmpty() ? "v1" : group + "/v1";
        ObjectNode list = Json.object("v1", "APIResourceList").put("groupVersion", groupVersion);
        ArrayNode resources = list.putArray("resources");
        Kind.ALL.stream().filter(kind -> kind.group().equals(group)).forEach(kind -> resourcesOf(kind, resources));
        switch (group) {
            case "authentication.k8s.io" -> review(resources, "selfsubjectreviews", "SelfSubjectReview");
            case "authorization.k8s.io" -> review(resources, "selfsubjectaccessreviews", "SelfSubjectAccessReview");
            default -> {
                // kinds only
            }
        }
        return list;
    }

    private static void review(ArrayNode resources, String plural, String name) {
        resources.addObject().put("name", plural).put("singularName", "").put("namespaced", false).put("kind", name).putArray("verbs")
                .add("create");
    }

    private static void resourcesOf(Kind kind, ArrayNode resources) {
        ObjectNode resource = resources.addObject().put("name", kind.plural())
                .put("singularName", kind.name().toLowerCase(java.util.Locale.ROOT))
                .put("namespaced", kind.namespaced()).put("kind", kind.name());
        ArrayNode verbs = resource.putArray("verbs");
        VERBS.forEach(verbs::add);
        if (!kind.shortNames().isEmpty()) {
            kind.shortNames().forEach(resource.putArray("shortNames")::add);
        }
        if (kind.equals(Kind.POD) || kind.plural().equals("services") || kind.group().equals("apps")) {
            resource.putArray("categories").add("all");
        }
        for (String sub : kind.subresources()) {
            ObjectNode below = resources.addObject().put("name", kind.plural() + "/" + sub).put("singularName", "")
                    .put("namespaced", kind.namespaced());
            ArrayNode may = below.putArray("verbs");
            switch (sub) {
                case "scale" -> {
                    below.put("kind", "Scale").put("group", "autoscaling").put("version", "v1");
                    may.add("get").add("patch").add("update");
                }
                case "exec", "attach", "portforward" -> {
                    below.put("kind", "Pod" + (sub.equals("exec") ? "Exec" : sub.equals("attach") ? "Attach" : "PortForward") + "Options");
                    may.add("create").add("get");
                }
                case "log" -> {
                    below.put("kind", kind.name());
                    may.add("get");
                }
                default -> {
                    below.put("kind", kind.name());
                    may.add("get").add("patch").add("update");
                }
            }
        }
    }

    private static ObjectNode openApiIndex() {
        ObjectNode index = Json.object();
        ObjectNode paths = index.putObject("paths");
        paths.putObject("api/v1").put("serverRelativeURL", "/openapi/v3/api/v1");
        Kind.groups().forEach(group -> paths.putObject("apis/" + group + "/v1").put("serverRelativeURL",
                "/openapi/v3/apis/" + group + "/v1"));
        return index;
    }
}
