package org.openkas.config;

import java.util.Optional;

/**
 * The whole configuration with all defaults filled in (chapter 05 §4, §5). Immutable; holds paths of secrets, never secrets.
 *
 * @param gitlab empty on a standalone server, and only there
 * @param redis empty only on a standalone server
 * @param api {@code api.listen}; empty: GitLab cannot call this server
 * @param privateApi {@code private_api.listen}; empty: other servers cannot call this server
 * @param standalone given on a standalone server
 * @param compatibleVersion the release that GitLab is told (chapter 07 §5.6), as {@code X.Y.Z}
 * @param workspacesEnabled whether the file asks for workspaces
 */
public record KasConfiguration(Optional<GitLabSection> gitlab, AgentSection agent, ObservabilitySection observability, GitalySection gitaly,
        Optional<RedisSection> redis, Optional<ApiListenSection> api, Optional<PrivateApiListenSection> privateApi,
        Optional<StandaloneSection> standalone, String compatibleVersion, boolean workspacesEnabled) {

    static KasConfiguration read(MessageReader c) {
        boolean alone = c.given("standalone");
        boolean bothMissingInOldFiles = alone || c.given("gitlab");
        KasConfiguration configuration = new KasConfiguration(
                c.section("gitlab", "GitLabCF", "how to reach GitLab", GitLabSection::read).requiredUnless(alone, "unless standalone"),
                c.section("agent", "AgentCF", "everything for and about agents", AgentSection::read).orDefaults(),
                c.section("observability", "ObservabilityCF", "probes, metrics, logs, traces, usage reports", ObservabilitySection::read)
                        .orDefaults(),
                c.section("gitaly", "GitalyCF", "limits of calls to Gitaly; calls beyond them wait", GitalySection::read).orDefaults(),
                c.section("redis", "RedisCF", "the state that several servers share", RedisSection::read)
                        .requiredUnless(alone, "unless standalone"),
                c.section("api", "ApiCF", "what GitLab calls. Files of 14.x may leave it out; GitLab cannot call this server then",
                        KasConfiguration::apiListen).requiredUnless(bothMissingInOldFiles, "unless standalone or in a file of 14.x"),
                c.section("private_api", "PrivateApiCF",
                        "what other servers of the cluster call. Files of 14.x may leave it out; the server then works alone",
                        KasConfiguration::privateApiListen)
                        .requiredUnless(bothMissingInOldFiles, "unless standalone or in a file of 14.x"),
                c.section("standalone", "StandaloneCF", "run without GitLab. OpenKAS only", StandaloneSection::read).ifGiven(),
                c.text("compatible_version", "the release of GitLab's agent server that GitLab is told and offers agents for. OpenKAS only")
                        .must(Rule.version()).orElse("16.6.0"),
                c.section("workspaces", "WorkspacesCF", "workspaces of newer releases", KasConfiguration::workspacesEnabled).orDefaults());
        c.section("config", "ConfigCF", "more configuration from elsewhere", ExtraConfiguration::command).orDefaults();
        c.ignored("autoflow", "automation of newer releases; no effect");
        c.ignored("events_platform", "events of newer releases; no effect");
        if (alone && c.given("gitlab")) {
            c.violation(MessageReader.Turn.PLAIN, "Standalone",
                    "must not be given together with gitlab (remove the section standalone, or the section gitlab to run without GitLab)");
        }
        return configuration;
    }

    private static ApiListenSection apiListen(MessageReader c) {
        return c.section("listen", "ListenApiCF", "the listener that GitLab calls", ApiListenSection::read).required();
    }

    private static PrivateApiListenSection privateApiListen(MessageReader c) {
        return c.section("listen", "ListenPrivateApiCF", "the listener that other servers of the cluster call",
                PrivateApiListenSection::read)
                .required();
    }

    private static boolean workspacesEnabled(MessageReader c) {
        c.ignored("listen", "listener for workspaces; no effect");
        return c.flag("enabled", "whether workspaces are wanted; no effect");
    }
}
