package org.openkas.gitlab;

import java.util.Map;

/** One event as GitLab's analytics take it (chapter 02 §9.3): members by name. Immutable. */
public record AgentEvent(Map<String, Long> numbers, Map<String, String> texts) {

    /** Takes copies. */
    public AgentEvent {
        numbers = Map.copyOf(numbers);
        texts = Map.copyOf(texts);
    }
}
