package org.openkas.privateapi;

import com.google.protobuf.ByteString;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.protobuf.ProtoUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.openkas.common.AgentType;
import org.openkas.grpc.CallMethods;
import org.openkas.message.RawBytes;
import org.openkas.proto.kas.GatewayKasResponse;
import org.openkas.proto.prototool.Values;
import org.openkas.reversetunnel.AgentKey;
import org.openkas.reversetunnel.CarriedMetadata;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.tracing.Traced;

/**
 * A service of the agents as other servers call it: each method is a stream, whose messages are handed to a tunnel of this
 * server's as they are (chapter 04 §4.3, §4.4). Thread-safe.
 */
public final class GatewayService implements BindableService, CallMethods.EventDriven {
    private static final String AGENT_ID = "kas-hop-routing-agent-id";
    private static final Metadata.Key<String> AGENT_ID_KEY = Metadata.Key.of(AGENT_ID, Metadata.ASCII_STRING_MARSHALLER);
    /** What other servers show this one is none of the agent's business. */
    private static final String AUTHORIZATION = "authorization";

    private final String name;
    private final List<String> methods;
    private final TunnelRegistry tunnels;

    /**
     * Calls of it get their tunnels from {@code tunnels}.
     *
     * @param name full name of the service
     * @param methods bare names
     */
    public GatewayService(String name, List<String> methods, TunnelRegistry tunnels) {
        this.name = name;
        this.methods = List.copyOf(methods);
        this.tunnels = tunnels;
    }

    @Override
    public ServerServiceDefinition bindService() {
        ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(name);
        for (String method : methods) {
            MethodDescriptor<ByteString, GatewayKasResponse> stream = MethodDescriptor
                    .newBuilder(new RawBytes(), ProtoUtils.marshaller(GatewayKasResponse.getDefaultInstance()))
                    .setType(MethodDescriptor.MethodType.BIDI_STREAMING).setFullMethodName(MethodDescriptor.generateFullMethodName(name, method))
                    .build();
            service.addMethod(stream, this::begin);
        }
        return service.build();
    }

    private ServerCall.Listener<ByteString> begin(ServerCall<ByteString, GatewayKasResponse> call, Metadata headers) {
        AgentKey agent;
        Map<String, Values> meta;
        try {
            agent = new AgentKey(AgentType.AGENTK, agentId(headers));
            meta = new TreeMap<>(CarriedMetadata.ofRequest(headers));
        } catch (StatusException e) {
            call.close(e.getStatus(), new Metadata());
            return new ServerCall.Listener<>() {
            };
        }
        Traced.attribute("agent_id", agent.agentId());
        meta.remove(AUTHORIZATION);
        GatewayCall gateway = new GatewayCall(call, agent, meta, tunnels);
        gateway.find();
        return gateway;
    }

    private static long agentId(Metadata headers) throws StatusException {
        List<String> ids = new ArrayList<>();
        Iterable<String> all = headers.getAll(AGENT_ID_KEY);
        if (all != null) {
            all.forEach(ids::add);
        }
        if (ids.size() != 1) {
            throw Status.INVALID_ARGUMENT.withDescription("Expecting a single " + AGENT_ID + ", got " + ids.size()).asException();
        }
        try {
            return Long.parseLong(ids.getFirst());
        } catch (NumberFormatException e) {
            throw Status.INVALID_ARGUMENT.withDescription("Invalid " + AGENT_ID).withCause(e).asException();
        }
    }
}
