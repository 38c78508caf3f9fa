package org.openkas.telemetry;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.openkas.common.LogField;
import org.openkas.tracing.TraceContext;

/**
 * One error as Sentry is told of it (chapter 05 §15). Immutable.
 *
 * @param type the class of the failure
 * @param value what happened and why
 * @param user the agent's id; empty if it is not about one
 * @param tags what events can be searched by
 * @param transaction the call that it happened in; empty if it was none
 */
record SentryEvent(Instant time, String type, String value, String user, Map<String, String> tags, String transaction) {
    private static final JsonFactory JSON = new JsonFactory();
    /** The port of a connection's own end differs each time, which would make each event one of its own. */
    private static final Pattern OWN_PORT = Pattern.compile("([\\[\\]0-9a-fA-F.:]+:)[0-9]{1,5}(->[\\[\\]0-9a-fA-F.:]+:[0-9]{1,5})");

    /** Of a line with these fields; empty if the line is not about a failure. */
    static Optional<SentryEvent> of(Instant time, String message, List<LogField> fields) {
        Map<String, LogField> byName = new LinkedHashMap<>();
        fields.forEach(field -> byName.put(field.name(), field));
        LogField error = byName.get("error");
        if (error == null) {
            return Optional.empty();
        }
        Map<String, String> tags = new LinkedHashMap<>();
        String service = text(byName, "grpc_service");
        String method = text(byName, "grpc_method");
        if (!service.isEmpty()) {
            tags.put("grpc.method", method);
            tags.put("grpc.service", service);
        }
        LogField trace = byName.get("trace_id");
        if (trace != null && trace.value() instanceof TraceContext.Id id) {
            tags.put("trace_id", id.text());
            tags.put("trace_sampled", Boolean.toString(id.sampled()));
        }
        String agent = text(byName, "agent_id");
        return Optional.of(new SentryEvent(time, error.failure().isEmpty() ? "error" : error.failure(),
                message + ": " + OWN_PORT.matcher(String.valueOf(error.value())).replaceAll("$1x$2"), agent.equals("0") ? "" : agent, tags,
                service.isEmpty() ? "" : service + "::" + method));
    }

    private static String text(Map<String, LogField> fields, String name) {
        LogField field = fields.get(name);
        return field == null ? "" : String.valueOf(field.value());
    }

    /**
     * What is posted to Sentry.
     *
     * @param id 32 hexadecimal digits of its own
     * @param source what is the same in all events of this server
     * @param now when it is sent
     */
    byte[] envelope(String id, Source source, Instant now) {
        try {
            byte[] event = event(id, source);
            ByteArrayOutputStream out = new ByteArrayOutputStream(event.length + 256);
            try (JsonGenerator json = JSON.createGenerator(out)) {
                json.writeStartObject();
                json.writeStringField("event_id", id);
                json.writeStringField("sent_at", now.toString());
                json.writeEndObject();
            }
            out.writeBytes(("\n{\"type\":\"event\",\"length\":" + event.length + "}\n").getBytes(StandardCharsets.US_ASCII));
            out.writeBytes(event);
            out.write('\n');
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("an array takes everything", e);
        }
    }

    private byte[] event(String id, Source source) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("event_id", id);
            json.writeStringField("timestamp", time.toString());
            json.writeStringField("level", "error");
            json.writeStringField("platform", "java");
            json.writeStringField("release", source.release());
            if (!source.environment().isEmpty()) {
                json.writeStringField("environment", source.environment());
            }
            json.writeStringField("server_name", source.serverName());
            json.writeObjectFieldStart("sdk");
            json.writeStringField("name", source.sdk());
            json.writeStringField("version", source.release());
            json.writeEndObject();
            json.writeObjectFieldStart("tags");
            for (Map.Entry<String, String> tag : tags.entrySet()) {
                json.writeStringField(tag.getKey(), tag.getValue());
            }
            json.writeEndObject();
            json.writeObjectFieldStart("user");
            if (!user.isEmpty()) {
                json.writeStringField("id", user);
            }
            json.writeEndObject();
            if (!transaction.isEmpty()) {
                json.writeStringField("transaction", transaction);
                json.writeArrayFieldStart("fingerprint");
                json.writeString("{{ default }}");
                json.writeString("grpc");
                json.writeString(transaction);
                json.writeEndArray();
            }
            json.writeArrayFieldStart("exception");
            json.writeStartObject();
            json.writeStringField("type", type);
            json.writeStringField("value", value);
            json.writeEndObject();
            json.writeEndArray();
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    /**
     * What is the same in all events of one server.
     *
     * @param release the product's version
     * @param environment what the operator calls this installation; empty for nothing
     * @param serverName this host
     * @param sdk what sends
     */
    record Source(String release, String environment, String serverName, String sdk) {
    }
}
