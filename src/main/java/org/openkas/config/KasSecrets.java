package org.openkas.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The secrets that stand as Base64 in files named by the configuration (chapter 05 §6.1, chapter 07 §6.1). Immutable; prints
 * no secret.
 *
 * @param gitlab signs calls to GitLab: 32 bytes
 * @param api verifies calls of GitLab: any length
 * @param privateApi signs and verifies calls between servers: any length
 * @param websocketToken protects the tokens of browsers' WebSockets: 72 bytes
 * @param warnings what the operator should know, one line each
 */
public record KasSecrets(Optional<Secret> gitlab, Optional<Secret> api, Optional<Secret> privateApi, Optional<Secret> websocketToken,
        List<String> warnings) {
    private static final int USUAL_LENGTH = 32;
    private static final int WEBSOCKET_LENGTH = 72;
    private static final String WEBSOCKET_KEY = "agent.kubernetes_api.websocket_token_secret_file";

    /**
     * Reads the files, in the order in which the server starts (chapter 05 §9).
     *
     * @throws ConfigurationException naming the file, or the key and the lengths; never content
     */
    public static KasSecrets read(KasConfiguration configuration) throws ConfigurationException {
        Optional<Secret> gitlab = Optional.empty();
        Optional<Secret> api = Optional.empty();
        Optional<Secret> privateApi = Optional.empty();
        Optional<Secret> websocketToken = Optional.empty();
        List<String> warnings = new ArrayList<>();
        if (configuration.gitlab().isPresent()) {
            gitlab = Optional.of(gitlab(configuration.gitlab().get().authenticationSecretFile()));
        }
        if (configuration.privateApi().isPresent()) {
            privateApi = Optional.of(anyLength("private API server: ", "private_api.listen.authentication_secret_file",
                    configuration.privateApi().get().authenticationSecretFile(), warnings));
        }
        if (configuration.api().isPresent()) {
            api = Optional.of(anyLength("API server: ", "api.listen.authentication_secret_file",
                    configuration.api().get().authenticationSecretFile(), warnings));
        }
        Optional<String> file = configuration.agent().kubernetesApi().flatMap(KubernetesApiSection::websocketTokenSecretFile);
        if (file.isPresent()) {
            websocketToken = Optional.of(websocketToken(file.get()));
        }
        return new KasSecrets(gitlab, api, privateApi, websocketToken, List.copyOf(warnings));
    }

    private static Secret gitlab(String file) throws ConfigurationException {
        Secret secret = read("authentication secret: read file: ", file);
        if (secret.length() != USUAL_LENGTH) {
            throw new ConfigurationException("authentication secret: decoding: expecting " + USUAL_LENGTH + " bytes, was " + secret.length()
                    + " (gitlab.authentication_secret_file: copy the secret of GitLab, Base64 of 32 bytes)");
        }
        return secret;
    }

    private static Secret anyLength(String server, String key, String file, List<String> warnings) throws ConfigurationException {
        Secret secret = read(server + "auth secret file: ", file);
        if (secret.length() != USUAL_LENGTH) {
            warnings.add(key + ": the secret has " + secret.length() + " bytes; 32 random bytes are recommended");
        }
        return secret;
    }

    private static Secret websocketToken(String file) throws ConfigurationException {
        Secret secret = read("kubernetes_api: " + WEBSOCKET_KEY + ": ", file);
        if (secret.length() != WEBSOCKET_LENGTH) {
            throw new ConfigurationException("kubernetes_api: " + WEBSOCKET_KEY + ": expecting " + WEBSOCKET_LENGTH + " bytes, was "
                    + secret.length() + " (write Base64 of exactly " + WEBSOCKET_LENGTH + " bytes into the file)");
        }
        return secret;
    }

    private static Secret read(String prefix, String file) throws ConfigurationException {
        try {
            return SecretFiles.base64(file);
        } catch (ConfigurationException e) {
            throw e.within(prefix);
        }
    }
}
