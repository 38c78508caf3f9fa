package org.openkas.kubernetesaccess;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.openkas.proto.agentcfg.CiAccessAsCF;
import org.openkas.proto.agentcfg.CiAccessAsImpersonateCF;
import org.openkas.proto.gitlab.AllowedAgent;
import org.openkas.proto.gitlab.AllowedAgentsForJob;
import org.openkas.proto.gitlab.Environment;
import org.openkas.proto.gitlab.Group;

/** Whom agents pose as for CI jobs (chapter 03 §8.1 to §8.3). */
final class JobIdentity {
    private JobIdentity() {
    }

    /** Empty for the agent's own identity. */
    static Optional<Identity> of(AllowedAgentsForJob job, AllowedAgent agent) {
        CiAccessAsCF as = agent.getConfiguration().getAccessAs();
        return switch (as.getAsCase()) {
            case AGENT, AS_NOT_SET -> Optional.empty();
            case IMPERSONATE -> Optional.of(configured(as.getImpersonate()));
            case CI_JOB -> Optional.of(ofJob(job, agent));
        };
    }

    /** As it stands in a configuration. */
    static Identity configured(CiAccessAsImpersonateCF as) {
        return new Identity(as.getUsername(), List.copyOf(as.getGroupsList()), as.getUid(),
                as.getExtraList().stream().map(extra -> new Identity.Extra(extra.getKey(), List.copyOf(extra.getValList()))).toList());
    }

    private static Identity ofJob(AllowedAgentsForJob job, AllowedAgent agent) {
        return new Identity("gitlab:ci_job:" + job.getJob().getId(), groups(job), "", extra(job, agent));
    }

    private static List<String> groups(AllowedAgentsForJob job) {
        Environment environment = job.getEnvironment();
        long project = job.getProject().getId();
        List<String> groups = new ArrayList<>();
        groups.add("gitlab:ci_job");
        for (Group group : job.getProject().getGroupsList()) {
            groups.add("gitlab:group:" + group.getId());
            if (job.hasEnvironment()) {
                groups.add("gitlab:group_env_tier:" + group.getId() + ":" + environment.getTier());
            }
        }
        groups.add("gitlab:project:" + project);
        if (job.hasEnvironment()) {
            groups.add("gitlab:project_env:" + project + ":" + environment.getSlug());
            groups.add("gitlab:project_env_tier:" + project + ":" + environment.getTier());
        }
        return List.copyOf(groups);
    }

    private static List<Identity.Extra> extra(AllowedAgentsForJob job, AllowedAgent agent) {
        List<Identity.Extra> extra = new ArrayList<>();
        extra.add(ExtraKeys.one(ExtraKeys.AGENT, agent.getId()));
        extra.add(ExtraKeys.one(ExtraKeys.CONFIG_PROJECT, agent.getConfigProject().getId()));
        extra.add(ExtraKeys.one("project_id", job.getProject().getId()));
        extra.add(ExtraKeys.one("ci_pipeline_id", job.getPipeline().getId()));
        extra.add(ExtraKeys.one("ci_job_id", job.getJob().getId()));
        extra.add(ExtraKeys.one(ExtraKeys.USERNAME, job.getUser().getUsername()));
        if (job.hasEnvironment()) {
            extra.add(ExtraKeys.one("environment_slug", job.getEnvironment().getSlug()));
            extra.add(ExtraKeys.one("environment_tier", job.getEnvironment().getTier()));
        }
        return List.copyOf(extra);
    }
}
