package org.openkas.usage;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The events of some time. Immutable.
 *
 * @param users by the event's name, none of them empty
 * @param dropped how many more were told than are kept
 */
public record UsageEventsTaken(Map<String, List<UserInProject>> users, Set<RegisteredAgent> registrations, long dropped) {

    /** Takes copies. */
    public UsageEventsTaken {
        users = Map.copyOf(users);
        registrations = Set.copyOf(registrations);
    }

    /** Whether there is nothing to tell. */
    public boolean isEmpty() {
        return users.isEmpty() && registrations.isEmpty();
    }
}
