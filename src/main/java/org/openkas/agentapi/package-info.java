/** The agents' gRPC server: what stands between a connection and the services (chapter 01 §3). */
@org.jspecify.annotations.NullMarked
package org.openkas.agentapi;
