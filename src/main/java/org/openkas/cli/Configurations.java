package org.openkas.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.openkas.common.LogLevel;
import org.openkas.config.ConfigurationException;
import org.openkas.config.ConfigurationLoader;
import org.openkas.config.KasConfiguration;
import org.openkas.config.KasSecrets;
import org.openkas.config.PropertySource;
import org.openkas.config.SentryDsn;
import org.openkas.config.TracingTarget;
import org.openkas.diagnosis.Kubeconfig;
import org.openkas.diagnosis.KubeconfigException;

/** Checks a configuration before anything else is started, so that a faulty one costs no start. */
final class Configurations {
    private Configurations() {
    }

    /** A kubeconfig by the configuration. */
    static Kubeconfig kubeconfig(Command.Kubeconfig wanted, PropertySource properties) throws AbortedException {
        try {
            KasConfiguration configuration = new ConfigurationLoader().load(Optional.of(wanted.configurationFile()), properties)
                    .configuration();
            return Kubeconfig.of(configuration, wanted.user(), wanted.agent(), wanted.server(), wanted.authority());
        } catch (ConfigurationException e) {
            throw new AbortedException(String.valueOf(e.getMessage()), e);
        } catch (KubeconfigException e) {
            throw new AbortedException("kubeconfig: " + e.getMessage(), e);
        }
    }

    /** The level of the log that the configuration asks for. */
    static LogLevel logLevel(Path file, PropertySource properties) throws AbortedException {
        try {
            KasConfiguration configuration = new ConfigurationLoader().load(Optional.of(file), properties).configuration();
            if (configuration.observability().tracing().isPresent()) {
                TracingTarget.of(configuration.observability().tracing().get());
            }
            KasSecrets.read(configuration);
            if (!configuration.observability().sentry().dsn().isEmpty()) {
                SentryDsn.parse(configuration.observability().sentry().dsn());
            }
            return configuration.observability().logging().level();
        } catch (ConfigurationException e) {
            throw new AbortedException(String.valueOf(e.getMessage()), e);
        }
    }
}
