package org.openkas.reversetunnel;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.openkas.proto.reversetunnel.AgentDescriptor;
import org.openkas.proto.reversetunnel.Method;
import org.openkas.proto.reversetunnel.Service;

/**
 * What an agent says that it serves. A service is known by its exact name, else by the last component of it (chapter 07
 * §4.2); of two entries of one name the first counts (chapter 04 §2.6). Immutable.
 */
final class ServedMethods {
    private final Map<String, Set<String>> byName = new HashMap<>();
    private final Map<String, String> byLastComponent = new HashMap<>();

    ServedMethods(AgentDescriptor descriptor) {
        for (Service service : descriptor.getServicesList()) {
            Set<String> methods = new HashSet<>();
            for (Method method : service.getMethodsList()) {
                methods.add(method.getName());
            }
            byName.putIfAbsent(service.getName(), methods);
            byLastComponent.putIfAbsent(lastComponent(service.getName()), service.getName());
        }
    }

    boolean serves(String service, String method) {
        return byName.getOrDefault(nameOf(service), Set.of()).contains(method);
    }

    /** How the agent calls this service; the name itself if it does not know it. */
    String nameOf(String service) {
        return byName.containsKey(service) ? service : byLastComponent.getOrDefault(lastComponent(service), service);
    }

    private static String lastComponent(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }
}
