package org.openkas.gitlab;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Optional;
import org.openkas.message.ProtoJson;
import org.openkas.message.ProtoJsonException;
import org.openkas.proto.gitlab.DefaultApiError;

/** Finds out why GitLab refused something, from the body of its answer (chapter 02 §2.9). */
final class ErrorReason {
    private static final int LARGEST = 1 << 20;

    private ErrorReason() {
    }

    /** The reason as texts show it; empty if the body gives none. */
    static String of(GitLabResponse answer) {
        Optional<String> type = answer.header("Content-Type");
        if (type.isEmpty()) {
            return unknown("missing content type header to read reason");
        }
        if (!answer.isOfType("application/json")) {
            return unknown("expected application/json content type, but got " + type.get());
        }
        try {
            JsonNode body = ProtoJson.parse(answer.readAll(LARGEST));
            return ProtoJson.ignoringUnknown(body, DefaultApiError.getDefaultInstance()).getMessage();
        } catch (ProtoJsonException e) {
            return unknown(e.getMessage() == null ? "unreadable" : e.getMessage());
        } catch (IOException e) {
            return unknown("unable to read response body: " + GitLabResponse.readFailure(e));
        }
    }

    private static String unknown(String why) {
        return "<unknown reason: " + why + ">";
    }
}
