package org.openkas.gitlab;

import com.google.protobuf.ByteString;
import org.openkas.common.AgentToken;

/** A project as an agent asks about it (chapter 04 §7.7). Immutable. */
record ProjectQuestion(AgentToken token, String project) {

    /** What stands for it in keys that servers share. */
    ByteString sharedKey() {
        return ByteString.copyFrom(token.key()).concat(ByteString.copyFromUtf8(":" + project));
    }
}
