package org.openkas.privateapi;

import io.grpc.ServerInterceptor;
import java.util.List;
import java.util.random.RandomGenerator;
import org.openkas.common.Log;
import org.openkas.grpc.AnswerCompression;
import org.openkas.grpc.CallLogs;
import org.openkas.grpc.CallerAuthentication;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.UnknownStatusReporter;

/**
 * What stands in front of every call of another server (chapter 04 §4.2): counting, the call's logger, authentication, the
 * reporter of unknown errors.
 *
 * @param metrics counts calls; one instance for all listeners
 * @param tokens judges the callers' tokens, such as {@link org.openkas.jwt.TokenVerifier#objection}
 * @param log where the calls' loggers begin
 */
public record PrivateApiGate(GrpcServerMetrics metrics, CallerAuthentication.TokenCheck tokens, Log log) {

    /** Outermost first; {@code random} gives ids to calls that bring none. */
    List<ServerInterceptor> interceptors(RandomGenerator random) {
        return List.of(metrics, new CallLogs(log, random), new AnswerCompression(), new CallerAuthentication(tokens),
                new UnknownStatusReporter());
    }
}
