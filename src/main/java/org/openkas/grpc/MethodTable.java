package org.openkas.grpc;

import io.grpc.BindableService;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The methods that a listener serves, by full name. Names that are not there are answered as chapter 01 §3.1 says,
 * before any interceptor runs. Immutable and thread-safe.
 */
public final class MethodTable extends CallMethods {
    private final List<ServerServiceDefinition> services;
    private final Map<String, ServerMethodDefinition<?, ?>> methods = new HashMap<>();
    private final Set<String> eventDriven = new HashSet<>();
    private final Set<String> longPolls = new HashSet<>();
    private final UnknownMethods unknown;

    /**
     * From services and what stands in front of each of their calls.
     *
     * @param interceptors outermost first
     */
    public MethodTable(List<? extends BindableService> services, List<? extends ServerInterceptor> interceptors) {
        List<ServerServiceDefinition> bound = new ArrayList<>();
        for (BindableService service : services) {
            ServerServiceDefinition definition = ReadableMessages.only(ServerInterceptors.interceptForward(service, interceptors),
                    ConnectionPolicy.STANDARD.maxMessageBytes());
            for (ServerMethodDefinition<?, ?> method : definition.getMethods()) {
                String name = method.getMethodDescriptor().getFullMethodName();
                methods.put(name, method);
                if (service instanceof EventDriven) {
                    eventDriven.add(name);
                }
                if (service instanceof LongPolls) {
                    longPolls.add(name);
                }
            }
            bound.add(definition);
        }
        this.services = List.copyOf(bound);
        unknown = new UnknownMethods(this::serves);
    }

    /** Whether a service of this full name is there. */
    public boolean serves(String service) {
        return services.stream().anyMatch(known -> known.getServiceDescriptor().getName().equals(service));
    }

    /** The method of exactly this full name. */
    public Optional<ServerMethodDefinition<?, ?>> method(String fullName) {
        return Optional.ofNullable(methods.get(fullName));
    }

    /** The full names of all methods. */
    public Set<String> names() {
        return Set.copyOf(methods.keySet());
    }

    @Override
    public boolean longPoll(String fullName) {
        return longPolls.contains(fullName);
    }

    @Override
    public boolean eventDriven(String fullName) {
        return eventDriven.contains(fullName);
    }

    @Override
    public List<ServerServiceDefinition> getServices() {
        return services;
    }

    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String fullName, @Nullable String authority) {
        ServerMethodDefinition<?, ?> method = methods.get(fullName);
        return method != null ? method : unknown.answer(fullName);
    }
}
