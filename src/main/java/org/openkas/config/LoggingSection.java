package org.openkas.config;

import org.openkas.common.LogLevel;

/** {@code observability.logging} (chapter 05 §4.4, §13.3). Immutable. */
public record LoggingSection(LogLevel level, LogLevel grpcLevel) {

    static LoggingSection read(MessageReader c) {
        return new LoggingSection(c.field("level", ValueType.LEVEL, "least level of the lines that are written").orElse(LogLevel.INFO),
                c.field("grpc_level", ValueType.LEVEL, "the same for lines of the gRPC library itself").explicit().orElse(LogLevel.ERROR));
    }
}
