/** What every gRPC listener and client of the server has in common (chapter 01 §3). */
@org.jspecify.annotations.NullMarked
package org.openkas.grpc;
