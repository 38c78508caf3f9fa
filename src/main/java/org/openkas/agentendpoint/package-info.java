/** The agents' way in through the application server's own HTTP port: Jakarta WebSocket sessions become gRPC connections. */
@org.jspecify.annotations.NullMarked
package org.openkas.agentendpoint;
