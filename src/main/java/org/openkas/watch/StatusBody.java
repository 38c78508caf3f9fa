package org.openkas.watch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.Optional;

/** The body with which a cluster refuses a request. Without state. */
final class StatusBody {
    private static final ObjectReader JSON = JsonMapper.builder().build().reader();

    private StatusBody() {
    }

    /** The message, if the body is a Status object of Kubernetes. */
    static Optional<String> message(byte[] body) {
        try {
            JsonNode status = JSON.readTree(body);
            boolean told = status != null && status.path("kind").asText().equals("Status") && status.path("message").isTextual();
            return told ? Optional.of(status.path("message").textValue()) : Optional.empty();
        } catch (IOException e) {
            // another kind of answer, such as a proxy's page
            return Optional.empty();
        }
    }
}
