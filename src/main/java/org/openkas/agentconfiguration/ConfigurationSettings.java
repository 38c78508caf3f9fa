package org.openkas.agentconfiguration;

import java.time.Duration;

/**
 * What an operator sets about agents' configuration.
 *
 * @param pollPeriod how often a waiting agent's token and repository are looked up again, {@code
 *        agent.configuration.poll_period}
 * @param maximumFileSize in bytes, {@code agent.configuration.max_configuration_file_size}
 * @param externalUrl {@code gitlab.external_url}, empty if unset; the same on all servers, because an agent ignores a
 *        configuration that names another one than its first
 */
public record ConfigurationSettings(Duration pollPeriod, long maximumFileSize, String externalUrl) {
}
