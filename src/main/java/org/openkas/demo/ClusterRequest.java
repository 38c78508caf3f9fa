package org.openkas.demo;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.kubernetesapi.HeaderExtra;
import org.openkas.proto.kubernetesapi.ImpersonationConfig;
import org.openkas.proto.prototool.Values;

/**
 * The head that a cluster gets for the header of a {@code MakeRequest} (chapter 03 §16.1, §16.2). Immutable.
 *
 * @param chunked whether a body of unknown length follows
 * @param upgrade whether another protocol may follow the answer
 */
record ClusterRequest(HttpHead head, boolean chunked, boolean upgrade) {
    private static final Set<String> FRAMING = Set.of("connection", "content-length", "transfer-encoding", "host", "keep-alive",
            "expect");
    private static final String NESTED = "gRPC -> HTTP: nested impersonation is not supported - agent is already configured to impersonate an identity";

    /** The request for {@code cluster}; {@code via} says who passes it on. */
    static ClusterRequest of(HttpRequest.Header header, ClusterAddress cluster, String via) {
        var request = header.getRequest();
        boolean upgrade = request.getHeaderMap().keySet().stream().anyMatch("upgrade"::equalsIgnoreCase);
        boolean chunked = !header.hasContentLength() || header.getContentLength() != 0;
        List<HttpHead.Field> fields = new ArrayList<>();
        fields.add(new HttpHead.Field("Host", cluster.host()));
        request.getHeaderMap().forEach((name, values) -> {
            if (!FRAMING.contains(name.toLowerCase(Locale.ROOT))) {
                values.getValueList().forEach(value -> fields.add(new HttpHead.Field(name, value)));
            }
        });
        fields.add(new HttpHead.Field("Via", via));
        impersonate(header, fields);
        if (request.getHeaderMap().keySet().stream().noneMatch("authorization"::equalsIgnoreCase)) {
            cluster.authorization().ifPresent(value -> fields.add(new HttpHead.Field("Authorization", value)));
        }
        if (chunked) {
            fields.add(new HttpHead.Field("Transfer-Encoding", "chunked"));
        } else if (!Set.of("GET", "HEAD").contains(request.getMethod())) {
            fields.add(new HttpHead.Field("Content-Length", "0"));
        }
        fields.add(new HttpHead.Field("Connection", upgrade ? "Upgrade" : "close"));
        fields.forEach(ClusterRequest::checkField);
        String target = cluster.prefix() + path(request.getUrlPath()) + query(request.getQueryMap());
        return new ClusterRequest(new HttpHead(request.getMethod() + " " + target + " HTTP/1.1", fields), chunked, upgrade);
    }

    private static void checkField(HttpHead.Field field) {
        if ((field.name() + field.value()).chars().anyMatch(c -> c == '\r' || c == '\n')) {
            throw Status.INVALID_ARGUMENT.withDescription("a header has a line end in it").asRuntimeException();
        }
    }

    private static void impersonate(HttpRequest.Header header, List<HttpHead.Field> fields) {
        if (!header.hasExtra()) {
            return;
        }
        ImpersonationConfig config;
        try {
            config = header.getExtra().unpack(HeaderExtra.class).getImpConfig();
        } catch (InvalidProtocolBufferException e) {
            throw Status.INTERNAL.withDescription("the extra part of the header is of another type").withCause(e).asRuntimeException();
        }
        if (config.equals(ImpersonationConfig.getDefaultInstance())) {
            return;
        }
        if (fields.stream().anyMatch(field -> field.name().toLowerCase(Locale.ROOT).startsWith("impersonate-"))) {
            throw Status.UNAVAILABLE.withDescription(NESTED).asRuntimeException();
        }
        if (!config.getUsername().isEmpty()) {
            fields.add(new HttpHead.Field("Impersonate-User", config.getUsername()));
        }
        if (!config.getUid().isEmpty()) {
            fields.add(new HttpHead.Field("Impersonate-Uid", config.getUid()));
        }
        config.getGroupsList().forEach(group -> fields.add(new HttpHead.Field("Impersonate-Group", group)));
        config.getExtraList().forEach(extra -> extra.getValList()
                .forEach(value -> fields.add(new HttpHead.Field("Impersonate-Extra-" + escapedName(extra.getKey()), value))));
    }

    /** A name as the name of a header may have it: other bytes percent-encoded. */
    static String escapedName(String name) {
        StringBuilder escaped = new StringBuilder();
        for (byte octet : name.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (octet & 0xFF);
            boolean plain = c < 128 && (Character.isLetterOrDigit(c) || "!#$&'*+-.^_`|~".indexOf(c) >= 0);
            escaped.append(plain ? String.valueOf(c) : "%%%02X".formatted((int) c));
        }
        return escaped.toString();
    }

    private static String path(String path) {
        StringBuilder escaped = new StringBuilder();
        for (byte octet : path.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (octet & 0xFF);
            boolean plain = c < 128 && (Character.isLetterOrDigit(c) || "-._~!$&'()*+,;=:@/".indexOf(c) >= 0);
            escaped.append(plain ? String.valueOf(c) : "%%%02X".formatted((int) c));
        }
        return escaped.toString();
    }

    private static String query(java.util.Map<String, Values> query) {
        StringJoiner pairs = new StringJoiner("&", "?", "");
        pairs.setEmptyValue("");
        new TreeMap<>(query).forEach((name, values) -> values.getValueList().forEach(value -> pairs
                .add(URLEncoder.encode(name, StandardCharsets.UTF_8) + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8))));
        return pairs.toString();
    }
}
