package org.openkas.reversetunnel;

import org.openkas.common.AgentType;

/** Which agent: ids are unique within a type only. */
public record AgentKey(AgentType type, long agentId) {
}
