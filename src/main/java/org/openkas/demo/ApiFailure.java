package org.openkas.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** An answer of the Kubernetes API that refuses something, as a Status object. */
final class ApiFailure extends Exception {
    private static final long serialVersionUID = 1L;
    private final int code;
    private final String reason;

    ApiFailure(int code, String reason, String message) {
        super(message, null, false, false);
        this.code = code;
        this.reason = reason;
    }

    static ApiFailure noPath() {
        return new ApiFailure(404, "NotFound", "the server could not find the requested resource");
    }

    static ApiFailure noObject(Kind kind, String name) {
        return new ApiFailure(404, "NotFound", "%s \"%s\" not found".formatted(kind.qualified(), name));
    }

    static ApiFailure exists(Kind kind, String name) {
        return new ApiFailure(409, "AlreadyExists", "%s \"%s\" already exists".formatted(kind.qualified(), name));
    }

    static ApiFailure conflict(Kind kind, String name) {
        return new ApiFailure(409, "Conflict", "Operation cannot be fulfilled on %s \"%s\": the object has been modified; please apply"
                .formatted(kind.qualified(), name) + " your changes to the latest version and try again");
    }

    static ApiFailure bad(String message) {
        return new ApiFailure(400, "BadRequest", message);
    }

    static ApiFailure invalid(Kind kind, String name, String why) {
        return new ApiFailure(422, "Invalid", "%s \"%s\" is invalid: %s".formatted(kind.name(), name, why));
    }

    static ApiFailure gone(long oldest) {
        return new ApiFailure(410, "Expired", "too old resource version, the oldest is " + oldest);
    }

    static ApiFailure notAllowed(String method) {
        return new ApiFailure(405, "MethodNotAllowed", "the server does not allow " + method + " on the requested resource");
    }

    int code() {
        return code;
    }

    /** The Status object that stands for it. */
    ObjectNode status() {
        ObjectNode status = Json.object("v1", "Status");
        status.putObject("metadata");
        status.put("status", "Failure").put("message", getMessage()).put("reason", reason).put("code", code);
        // kubectl looks into them without asking whether they are there
        status.putObject("details");
        return status;
    }
}
