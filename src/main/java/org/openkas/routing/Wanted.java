package org.openkas.routing;

import io.grpc.Deadline;
import io.grpc.Metadata;
import java.util.Optional;
import org.openkas.reversetunnel.AgentKey;
import org.openkas.tracing.Traced;

/**
 * What a call is looking for a way to. Immutable; nobody changes {@code headers}.
 *
 * @param service full name
 * @param method bare name
 * @param headers the call's own metadata
 * @param deadline when the caller loses its patience
 * @param traced what the call is part of, if that is traced
 */
record Wanted(AgentKey agent, String service, String method, Metadata headers, Optional<Deadline> deadline, Optional<Traced> traced) {
}
