package org.openkas.app;

import java.util.List;
import org.openkas.config.ObservabilitySection;
import org.openkas.net.TlsException;
import org.openkas.observability.ObservabilityEndpoint;
import org.openkas.observability.ObservabilityPaths;
import org.openkas.observability.Probes;

/** How the listener for probes and metrics is put together (chapter 05 §8.5, §11). */
final class ObservabilityListener {
    /** The beginning of what an operator reads of its failures. */
    static final String NAME = "observability: ";

    private ObservabilityListener() {
    }

    /**
     * The listener; it is not bound yet.
     *
     * @throws StartException if the configuration names something that cannot be used
     */
    static ObservabilityEndpoint of(ObservabilitySection section, Probes probes, Ground ground) throws StartException {
        try {
            ListenPlace place = ListenPlace.of(section.listen(), List.of());
            ObservabilityPaths paths = new ObservabilityPaths(section.prometheusUrlPath(), section.livenessUrlPath(),
                    section.readinessUrlPath());
            return new ObservabilityEndpoint(place.address(), place.security(), paths, probes, ground.metrics(),
                    ground.build().serverName(), ground.loops(), ground.timers(), ground.executor(), ground.log());
        } catch (TlsException e) {
            throw StartException.of(NAME, e);
        }
    }
}
