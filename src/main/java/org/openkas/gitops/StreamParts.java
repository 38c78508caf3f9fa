package org.openkas.gitops;

import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.gitlab.ProjectLookup;
import org.openkas.repository.PushedProjects;
import org.openkas.repository.RefWatches;
import org.openkas.repository.RepositoryReader;
import org.openkas.usage.UsageCounters;

/** What all streams use. */
record StreamParts(GitopsSettings settings, AgentIdentification agents, ProjectLookup projects, RefWatches watches,
        RepositoryReader reader, UsageCounters usage, PushedProjects pushed, Timers timers, RandomGenerator random,
        Executor executor) {
}
