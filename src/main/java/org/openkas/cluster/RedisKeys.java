package org.openkas.cluster;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;

/**
 * The names of everything in Redis (chapter 04 §7.2): binary strings, the same for every server of a cluster. What concerns other
 * kinds of agents than those for Kubernetes has names that the reference does not use. Immutable.
 */
final class RedisKeys {
    /** Where push events are published; without prefix, as it always was. */
    static final ByteString EVENTS = ByteString.copyFromUtf8("kas_events");
    private static final ByteString COLON = ByteString.copyFromUtf8(":");

    private final String prefix;

    /** @param prefix {@code redis.key_prefix} */
    RedisKeys(String prefix) {
        this.prefix = prefix;
    }

    ByteString gateways(long agentId) {
        return name("tunnel_tracker2:kas_by_agent_id").concat(number(agentId));
    }

    ByteString connectionsOfAgent(AgentType type, long agentId) {
        return name(tracker(type) + ":conn_by_agent_id").concat(number(agentId));
    }

    ByteString connectionsOfProject(AgentType type, long projectId) {
        return name(tracker(type) + ":conn_by_project_id").concat(number(projectId));
    }

    ByteString connectedAgents(AgentType type) {
        return ByteString.copyFromUtf8(prefix + ":" + tracker(type) + ":connected_agents");
    }

    /** @param minute of the hour, in UTC */
    ByteString calls(AgentToken token, int minute) {
        return name(other("agent_limit", token.type())).concat(ByteString.copyFrom(token.key())).concat(COLON)
                .concat(ByteString.copyFrom(new byte[]{(byte) minute}));
    }

    ByteString error(ErrorCache.Lookup lookup, ByteString key) {
        return name(lookup.label()).concat(key);
    }

    /** @param id of a token; what stands in the name is a digest of it */
    ByteString usedToken(ByteString id) {
        try {
            return name("websocket_tokens").concat(ByteString.copyFrom(MessageDigest.getInstance("SHA-256").digest(id.toByteArray())));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    private ByteString name(String part) {
        return ByteString.copyFromUtf8(prefix + ":" + part + ":");
    }

    private static String tracker(AgentType type) {
        return other("agent_tracker2", type);
    }

    private static String other(String name, AgentType type) {
        return type == AgentType.AGENTK ? name : name + "_" + type.label();
    }

    /** Eight bytes, the lowest first. */
    private static ByteString number(long id) {
        return ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, id));
    }
}
