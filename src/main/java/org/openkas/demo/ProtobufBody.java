package org.openkas.demo;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Objects in Kubernetes' protobuf form, in which newer kubectl's {@code create} sends what it makes: as much of them as its
 * flags can say.
 */
final class ProtobufBody {
    static final String MEDIA_TYPE = "application/vnd.kubernetes.protobuf";
    private static final ByteString MAGIC = ByteString.copyFromUtf8("k8s\0");

    /** A message a line: its name, then number, name and type of its fields; text if there is no type. */
    private static final Map<String, Map<Integer, Member>> MESSAGES = messages("""
            ObjectMeta 1:name 2:generateName 3:namespace 11:labels:map 12:annotations:map
            ConfigMap 1:metadata:ObjectMeta 2:data:map 3:binaryData:bytesMap 4:immutable:bool
            Secret 1:metadata:ObjectMeta 2:data:bytesMap 3:type 4:stringData:map 5:immutable:bool
            ServiceAccount 1:metadata:ObjectMeta
            Namespace 1:metadata:ObjectMeta
            Service 1:metadata:ObjectMeta 2:spec:ServiceSpec
            ServiceSpec 1:ports:ServicePort[] 2:selector:map 3:clusterIP 4:type 10:externalName
            ServicePort 1:name 2:protocol 3:port:number 4:targetPort:IntOrString 5:nodePort:number
            Pod 1:metadata:ObjectMeta 2:spec:PodSpec
            PodSpec 2:containers:Container[] 3:restartPolicy
            Container 1:name 2:image 3:command:text[] 4:args:text[] 5:workingDir 6:ports:ContainerPort[] 7:env:EnvVar[]
            ContainerPort 1:name 3:containerPort:number 4:protocol
            EnvVar 1:name 2:value
            PodTemplateSpec 1:metadata:ObjectMeta 2:spec:PodSpec
            LabelSelector 1:matchLabels:map
            Deployment 1:metadata:ObjectMeta 2:spec:DeploymentSpec
            DeploymentSpec 1:replicas:count 2:selector:LabelSelector 3:template:PodTemplateSpec
            """);

    private record Member(String name, String type, boolean repeated) {
    }

    private ProtobufBody() {
    }

    private static Map<String, Map<Integer, Member>> messages(String table) {
        Map<String, Map<Integer, Member>> messages = new HashMap<>();
        table.lines().map(line -> List.of(line.split(" "))).forEach(words -> {
            Map<Integer, Member> members = new HashMap<>();
            words.subList(1, words.size()).stream().map(word -> Arrays.asList(word.split(":"))).forEach(parts -> {
                String type = parts.size() > 2 ? parts.get(2) : "text";
                members.put(Integer.valueOf(parts.get(0)), new Member(parts.get(1), type.replace("[]", ""), type.endsWith("[]")));
            });
            messages.put(words.getFirst(), members);
        });
        return Map.copyOf(messages);
    }

    /** The same object as JSON. */
    static byte[] json(byte[] body) throws ApiFailure {
        try {
            ByteString bytes = ByteString.copyFrom(body);
            if (!bytes.startsWith(MAGIC)) {
                throw ApiFailure.bad("the body does not begin as protobuf of Kubernetes does");
            }
            UnknownFieldSet envelope = UnknownFieldSet.parseFrom(bytes.substring(MAGIC.size()));
            if (!envelope.hasField(2)) {
                throw ApiFailure.bad("the body has an envelope and nothing in it");
            }
            UnknownFieldSet type = UnknownFieldSet.parseFrom(last(envelope, 1));
            String kind = last(type, 2).toStringUtf8();
            if (!MESSAGES.containsKey(kind)) {
                throw new ApiFailure(415, "UnsupportedMediaType", "the demo cluster takes no " + kind
                        + " as protobuf; accepted media types include: application/json, application/yaml");
            }
            ObjectNode object = Json.object(last(type, 1).toStringUtf8(), kind);
            object.setAll(object(kind, last(envelope, 2)));
            return Json.bytes(object);
        } catch (InvalidProtocolBufferException e) {
            throw ApiFailure.bad("the body is not protobuf: " + e.getMessage());
        }
    }

    private static ByteString last(UnknownFieldSet message, int number) {
        List<ByteString> values = message.getField(number).getLengthDelimitedList();
        return values.isEmpty() ? ByteString.EMPTY : values.getLast();
    }

    private static ObjectNode object(String type, ByteString bytes) throws InvalidProtocolBufferException {
        ObjectNode object = Json.object();
        UnknownFieldSet message = UnknownFieldSet.parseFrom(bytes);
        for (Map.Entry<Integer, Member> entry : MESSAGES.getOrDefault(type, Map.of()).entrySet()) {
            if (message.hasField(entry.getKey())) {
                put(object, entry.getValue(), message.getField(entry.getKey()));
            }
        }
        return object;
    }

    /** Zero and empty text are what is not given, except where something is counted. */
    private static void put(ObjectNode object, Member member, UnknownFieldSet.Field field) throws InvalidProtocolBufferException {
        String name = member.name();
        long number = field.getVarintList().isEmpty() ? 0 : field.getVarintList().getLast();
        List<ByteString> values = new ArrayList<>(field.getLengthDelimitedList());
        switch (member.type()) {
            case "bool" -> object.put(name, number != 0);
            case "count" -> object.put(name, number);
            case "number" -> {
                if (number != 0) {
                    object.put(name, number);
                }
            }
            case "map", "bytesMap" -> {
                for (ByteString value : values) {
                    UnknownFieldSet entry = UnknownFieldSet.parseFrom(value);
                    ObjectNode map = object.withObjectProperty(name);
                    String key = last(entry, 1).toStringUtf8();
                    if (member.type().equals("map")) {
                        map.put(key, last(entry, 2).toStringUtf8());
                    } else {
                        map.put(key, last(entry, 2).toByteArray());
                    }
                }
            }
            case "IntOrString" -> {
                UnknownFieldSet either = UnknownFieldSet.parseFrom(values.getLast());
                String text = last(either, 3).toStringUtf8();
                if (text.isEmpty()) {
                    put(object, new Member(name, "number", false), either.getField(2));
                } else {
                    object.put(name, text);
                }
            }
            default -> texts(object, member, values);
        }
    }

    private static void texts(ObjectNode object, Member member, List<ByteString> values) throws InvalidProtocolBufferException {
        boolean text = member.type().equals("text");
        if (member.repeated()) {
            ArrayNode list = object.putArray(member.name());
            for (ByteString value : values) {
                if (text) {
                    list.add(value.toStringUtf8());
                } else {
                    list.add(object(member.type(), value));
                }
            }
        } else if (!text) {
            object.set(member.name(), object(member.type(), values.getLast()));
        } else if (!values.getLast().isEmpty()) {
            object.put(member.name(), values.getLast().toStringUtf8());
        }
    }
}
