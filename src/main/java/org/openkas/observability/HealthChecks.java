package org.openkas.observability;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;
import org.eclipse.microprofile.health.Startup;

/** The server's probes as MicroProfile Health: {@code /health} and what is below it on Liberty's port. */
@ApplicationScoped
public class HealthChecks {

    /** {@code /health/live}: the liveness checks. */
    @Produces
    @Liveness
    HealthCheck liveness(Probes probes) {
        return () -> response("liveness", probes.livenessFailure(), Optional.empty());
    }

    /** {@code /health/ready}: the readiness checks, and what else an operator should know. */
    @Produces
    @Readiness
    HealthCheck readiness(Probes probes) {
        return () -> response("readiness", probes.readinessFailure(), probes.adviceFailure());
    }

    /** {@code /health/started}: up from the first time that the server was ready. */
    @Produces
    @Startup
    HealthCheck startup(Probes probes) {
        return () -> response("startup", probes.startupFailure(), Optional.empty());
    }

    /** Down with the failure's text as {@code error}, or up, perhaps with a {@code warning}. */
    private static HealthCheckResponse response(String name, Optional<String> failure, Optional<String> advice) {
        HealthCheckResponseBuilder response = HealthCheckResponse.named(name).status(failure.isEmpty());
        failure.ifPresent(text -> response.withData("error", text));
        advice.ifPresent(text -> response.withData("warning", text));
        return response.build();
    }
}
