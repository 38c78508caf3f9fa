/** Agents wait for their configuration: AgentConfiguration of the agents' API (chapter 01 §5.2). */
@org.jspecify.annotations.NullMarked
package org.openkas.agentconfiguration;
