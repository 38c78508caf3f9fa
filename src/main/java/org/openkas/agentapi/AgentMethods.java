package org.openkas.agentapi;

import io.grpc.Metadata;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.grpc.CallMethods;
import org.openkas.grpc.MethodTable;
import org.openkas.grpc.UnknownMethods;

/**
 * Finds the method that an agent calls even where its service was renamed (chapter 07 §4.2): by full name, by a
 * configured alias, or, for services whose name begins with {@code gitlab.agent.}, by the last component of the service
 * and the method. Metrics and logs see the canonical name. Unknown methods are refused before any token is looked at, and
 * logged once an hour each. Thread-safe.
 */
final class AgentMethods extends CallMethods {
    private static final String OURS = "gitlab.agent.";
    private static final Duration QUIET = Duration.ofHours(1);
    private static final int MAX_REMEMBERED = 200;
    private static final int MAX_NAME = 256;
    private static final Metadata.Key<String> USER_AGENT = Metadata.Key.of("user-agent", Metadata.ASCII_STRING_MARSHALLER);

    private final MethodTable table;
    private final Map<String, String> aliases;
    private final Map<String, ServerMethodDefinition<?, ?>> byLastComponent = new HashMap<>();
    private final UnknownMethods unknown;
    private final Log log;
    private final Timers timers;
    private final Map<String, Long> complaints = new LinkedHashMap<>();

    /**
     * In front of a table.
     *
     * @param aliases further names: {@code service} to canonical service, or {@code service/method} to canonical
     *        {@code service/method}
     */
    AgentMethods(MethodTable table, Map<String, String> aliases, Log log, Timers timers) {
        this.table = table;
        this.aliases = Map.copyOf(aliases);
        this.log = log;
        this.timers = timers;
        unknown = new UnknownMethods(table::serves);
        for (String name : table.names()) {
            byLastComponent.put(lastComponent(name), table.method(name).orElseThrow());
        }
    }

    @Override
    public boolean longPoll(String fullName) {
        return table.longPoll(fullName);
    }

    @Override
    public boolean eventDriven(String fullName) {
        return table.eventDriven(fullName);
    }

    @Override
    public List<ServerServiceDefinition> getServices() {
        return table.getServices();
    }

    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String fullName, @Nullable String authority) {
        return known(fullName).orElseGet(() -> unknown.answer(fullName, headers -> complain(fullName, headers)));
    }

    private Optional<ServerMethodDefinition<?, ?>> known(String fullName) {
        Optional<ServerMethodDefinition<?, ?>> exact = table.method(fullName).or(() -> aliased(fullName));
        return exact.isPresent() || !fullName.startsWith(OURS) ? exact : Optional.ofNullable(byLastComponent.get(lastComponent(fullName)));
    }

    private Optional<ServerMethodDefinition<?, ?>> aliased(String fullName) {
        String whole = aliases.get(fullName);
        if (whole != null) {
            return table.method(whole);
        }
        int slash = fullName.lastIndexOf('/');
        String service = slash < 0 ? null : aliases.get(fullName.substring(0, slash));
        return service == null ? Optional.empty() : table.method(service + fullName.substring(slash));
    }

    private static String lastComponent(String fullName) {
        int slash = fullName.lastIndexOf('/');
        return fullName.substring(fullName.lastIndexOf('.', Math.max(slash, 0)) + 1);
    }

    private void complain(String fullName, Metadata headers) {
        if (!due(cut(fullName))) {
            return;
        }
        int slash = fullName.lastIndexOf('/');
        String agent = headers.get(USER_AGENT);
        String type = headers.get(TokenExtraction.AGENT_TYPE);
        log.with("grpc_service", cut(fullName.substring(0, Math.max(slash, 0)))).with("grpc_method", cut(fullName.substring(slash + 1)))
                .with("agent_type", type == null ? "agentk" : cut(type)).with("user_agent", agent == null ? "" : cut(agent))
                .warn("Unknown agent method");
    }

    /** Whether this name has not been logged for an hour. Names beyond what is remembered stay silent until there is room. */
    private boolean due(String name) {
        long now = timers.nanos();
        synchronized (complaints) {
            complaints.values().removeIf(since -> now - since >= QUIET.toNanos());
            if (complaints.containsKey(name) || complaints.size() >= MAX_REMEMBERED) {
                return false;
            }
            complaints.put(name, now);
            return true;
        }
    }

    private static String cut(String text) {
        return text.length() <= MAX_NAME ? text : text.substring(0, MAX_NAME);
    }
}
