/** Agents say that they are alive: AgentRegistrar of the agents' API (chapter 01 §5.4). */
@org.jspecify.annotations.NullMarked
package org.openkas.agentregistrar;
