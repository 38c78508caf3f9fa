package org.openkas.kubernetesapi;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.netty.buffer.ByteBuf;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openkas.kubernetesaccess.CredentialReader;
import org.openkas.kubernetesaccess.Identity;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.kubernetesapi.ExtraKeyVal;
import org.openkas.proto.kubernetesapi.HeaderExtra;
import org.openkas.proto.kubernetesapi.ImpersonationConfig;
import org.openkas.proto.prototool.Values;

/** A client's request as messages for an agent (chapter 03 §10, §11). Without state. */
final class AgentRequests {
    static final HttpRequest TRAILER = HttpRequest.newBuilder().setTrailer(HttpRequest.Trailer.getDefaultInstance()).build();

    /** Credentials never reach a cluster, whichever of them counted. */
    private static final List<String> SECRETS = List.of("Authorization", "Cookie", CredentialReader.AGENT_HEADER,
            CredentialReader.CSRF_HEADER);

    private static final String PROTOCOLS = "Sec-Websocket-Protocol";
    /** How browsers show a token that this server gave them (chapter 07 §8.2). */
    private static final String PROTOCOL_OF_TOKEN = "websocket-token.kas.gitlab.com.";

    private AgentRequests() {
    }

    /**
     * The first message.
     *
     * @param path without the prefix
     * @return empty if something in the request is not UTF-8
     */
    static Optional<HttpRequest> header(RequestHead request, String path, Optional<Identity> identity, String via) {
        HeaderLines headers = request.headers().copy();
        SECRETS.forEach(headers::remove);
        removeTokenProtocols(headers);
        headers.add("Via", via);
        headers.remove("Host");
        headers.dropHopByHop();
        Optional<Map<String, Values>> lines = headers.messages();
        if (lines.isEmpty() || !request.target().readable()) {
            return Optional.empty();
        }
        HttpRequest.Header.Builder header = HttpRequest.Header.newBuilder().setContentLength(request.contentLength())
                .setRequest(org.openkas.proto.prototool.HttpRequest.newBuilder().setMethod(request.method()).putAllHeader(lines.get())
                        .setUrlPath(path).putAllQuery(query(request.target().query())));
        identity.map(AgentRequests::extra).ifPresent(header::setExtra);
        return Optional.of(HttpRequest.newBuilder().setHeader(header).build());
    }

    private static void removeTokenProtocols(HeaderLines headers) {
        List<String> lines = headers.values(PROTOCOLS);
        if (lines.stream().noneMatch(line -> line.toLowerCase(Locale.ROOT).contains(PROTOCOL_OF_TOKEN))) {
            return;
        }
        List<String> left = lines.stream()
                .map(line -> Stream.of(line.split(",", -1))
                        .filter(protocol -> !protocol.strip().toLowerCase(Locale.ROOT).startsWith(PROTOCOL_OF_TOKEN))
                        .collect(Collectors.joining(",")).strip())
                .filter(line -> !line.isEmpty()).toList();
        headers.remove(PROTOCOLS);
        left.forEach(line -> headers.add(PROTOCOLS, line));
    }

    private static Map<String, Values> query(Map<String, List<String>> parameters) {
        Map<String, Values> query = new LinkedHashMap<>();
        parameters.forEach((name, values) -> {
            if (!name.equals(CredentialReader.AGENT_PARAMETER) && !name.equals(CredentialReader.CSRF_PARAMETER)) {
                query.put(name, Values.newBuilder().addAllValue(values).build());
            }
        });
        return query;
    }

    private static Any extra(Identity identity) {
        ImpersonationConfig.Builder config = ImpersonationConfig.newBuilder().setUsername(identity.username())
                .addAllGroups(identity.groups()).setUid(identity.uid());
        identity.extra().forEach(extra -> config.addExtra(ExtraKeyVal.newBuilder().setKey(extra.key()).addAllVal(extra.values())));
        return Any.pack(HeaderExtra.newBuilder().setImpConfig(config).build());
    }

    /** A part of the body; copies it. */
    static HttpRequest data(ByteBuf bytes) {
        return HttpRequest.newBuilder().setData(HttpRequest.Data.newBuilder().setData(copy(bytes))).build();
    }

    /** Bytes of an upgraded connection; copies them. */
    static HttpRequest upgradeData(ByteBuf bytes) {
        return HttpRequest.newBuilder().setUpgradeData(HttpRequest.UpgradeData.newBuilder().setData(copy(bytes))).build();
    }

    private static ByteString copy(ByteBuf bytes) {
        return ByteString.copyFrom(bytes.nioBuffer());
    }
}
