package org.openkas.kubernetesapi;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.netty.buffer.ByteBuf;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.openkas.kubernetesaccess.CredentialReader;
import org.openkas.kubernetesaccess.Identity;
import org.openkas.kubernetesaccess.ImpersonationConfigs;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.kubernetesapi.HeaderExtra;
import org.openkas.proto.prototool.Values;

/** A client's request as messages for an agent (chapter 03 §10, §11). Without state. */
final class AgentRequests {
    static final HttpRequest TRAILER = HttpRequest.newBuilder().setTrailer(HttpRequest.Trailer.getDefaultInstance()).build();

    /** Credentials never reach a cluster, whichever of them counted. */
    private static final List<String> SECRETS = List.of("Authorization", "Cookie", CredentialReader.AGENT_HEADER,
            CredentialReader.CSRF_HEADER);
    /** What concerns a client's WebSocket, and what it expects of the answer to it. */
    private static final List<String> OF_WEBSOCKET = List.of("Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version",
            "Sec-Websocket-Protocol", "Sec-Websocket-Extensions", "Sec-Websocket-Accept", "Accept", "Accept-Encoding", "Content-Length",
            "Content-Type", "Expect");

    private AgentRequests() {
    }

    /**
     * The first message.
     *
     * @param path without the prefix
     * @return empty if something in the request is not UTF-8
     */
    static Optional<HttpRequest> header(RequestHead request, String path, Optional<Identity> identity, String via) {
        return request.target().readable()
                ? header(request.method(), request.headers(), request.contentLength(), path, request.target().query(), identity, via)
                : Optional.empty();
    }

    /**
     * The first message of a request that the server makes for a client.
     *
     * @param headers of the client
     * @return empty if something in them is not UTF-8
     */
    static Optional<HttpRequest> get(HeaderLines headers, String path, Map<String, List<String>> query, Optional<Identity> identity,
            String via) {
        return header("GET", headers, 0, path, query, identity, via);
    }

    /** The headers of a client that opens a WebSocket, as they are for a request that the server makes for it. */
    static HeaderLines withoutWebSocket(HeaderLines headers) {
        HeaderLines left = headers.copy();
        left.dropHopByHop();
        OF_WEBSOCKET.forEach(left::remove);
        left.replace("Accept", List.of("application/json"));
        return left;
    }

    private static Optional<HttpRequest> header(String method, HeaderLines sent, long contentLength, String path,
            Map<String, List<String>> query, Optional<Identity> identity, String via) {
        HeaderLines headers = sent.copy();
        SECRETS.forEach(headers::remove);
        TokenProtocol.remove(headers);
        headers.add("Via", via);
        headers.remove("Host");
        headers.dropHopByHop();
        return headers.messages().map(lines -> {
            HttpRequest.Header.Builder header = HttpRequest.Header.newBuilder().setContentLength(contentLength)
                    .setRequest(org.openkas.proto.prototool.HttpRequest.newBuilder().setMethod(method).putAllHeader(lines)
                            .setUrlPath(path).putAllQuery(query(query)));
            identity.map(AgentRequests::extra).ifPresent(header::setExtra);
            return HttpRequest.newBuilder().setHeader(header).build();
        });
    }

    private static Map<String, Values> query(Map<String, List<String>> parameters) {
        Map<String, Values> query = new LinkedHashMap<>();
        parameters.forEach((name, values) -> {
            if (!name.equals(CredentialReader.AGENT_PARAMETER) && !name.equals(CredentialReader.CSRF_PARAMETER)
                    && !name.equals(TokenProtocol.PARAMETER)) {
                query.put(name, Values.newBuilder().addAllValue(values).build());
            }
        });
        return query;
    }

    private static Any extra(Identity identity) {
        return Any.pack(HeaderExtra.newBuilder().setImpConfig(ImpersonationConfigs.of(identity)).build());
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
