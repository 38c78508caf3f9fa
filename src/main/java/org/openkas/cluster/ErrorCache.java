package org.openkas.cluster;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.Optional;
import org.openkas.proto.gitlab.ClientError;

/**
 * Answers of GitLab that mean "no", remembered for a while and shared by all servers (chapter 02 §4). A cache that fails
 * reports it and answers as if it were empty. Thread-safe.
 */
public interface ErrorCache {

    /** Kinds of look-ups, each with keys of its own; {@link #label} is part of the shared key. */
    enum Lookup {
        AGENT_INFO("agent_info_errs"), PROJECT_INFO("project_info_errs"), PROJECT_ACCESS("verify_project_access_errs"), ALLOWED_AGENTS(
                "allowed_agents_errs"), PROXY_USER("auth_proxy_user_errs"), RUNNER_INFO(
                        "runner_info_errs");

        private final String label;

        Lookup(String label) {
            this.label = label;
        }

        /** The part of the key between prefix and token. */
        public String label() {
            return label;
        }
    }

    /** The remembered error, if there is one that has not expired. */
    Optional<ClientError> find(Lookup lookup, ByteString key);

    /** Remembers an error for {@code ttl}. */
    void remember(Lookup lookup, ByteString key, ClientError error, Duration ttl);
}
