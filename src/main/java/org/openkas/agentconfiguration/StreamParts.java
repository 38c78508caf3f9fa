package org.openkas.agentconfiguration;

import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.openkas.cluster.AgentTracker;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.repository.PushedProjects;
import org.openkas.repository.RefWatches;

/** What all streams use. */
record StreamParts(ConfigurationSettings settings, AgentIdentification agents, RefWatches watches, AgentFiles files,
        ConfigurationReports reports, AgentTracker tracker, PushedProjects projects, Timers timers, RandomGenerator random,
        Executor executor) {
}
