package org.openkas.grpc;

import com.google.protobuf.Message;
import java.util.Optional;

/** Knows the constraints of messages (chapter 01 §3.8). Thread-safe. */
@FunctionalInterface
public interface MessageValidator {

    /** All violations in one text, or nothing if the message is valid. */
    Optional<String> violations(Message message);
}
