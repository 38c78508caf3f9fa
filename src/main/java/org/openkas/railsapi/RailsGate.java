package org.openkas.railsapi;

import io.grpc.ServerInterceptor;
import java.util.List;
import java.util.random.RandomGenerator;
import org.openkas.common.Log;
import org.openkas.grpc.AnswerCompression;
import org.openkas.grpc.CallerAuthentication;
import org.openkas.grpc.CallLogs;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.MessageValidation;
import org.openkas.grpc.MessageValidator;
import org.openkas.grpc.UnknownStatusReporter;

/**
 * What stands in front of every call of the listener, in the order of chapter 06 §4: counting, the call's logger,
 * authentication, validation, the reporter of unknown errors.
 *
 * @param metrics counts calls; one instance for all listeners
 * @param tokens judges the callers' tokens, such as {@link org.openkas.jwt.TokenVerifier#objection}
 * @param validator knows the rules of messages, such as {@link org.openkas.message.MessageRules#violations}
 * @param log where the calls' loggers begin
 */
public record RailsGate(GrpcServerMetrics metrics, CallerAuthentication.TokenCheck tokens, MessageValidator validator, Log log) {

    /** Outermost first; {@code random} gives ids to calls that bring none. */
    List<ServerInterceptor> interceptors(RandomGenerator random) {
        return List.of(metrics, new CallLogs(log, random), new AnswerCompression(), new CallerAuthentication(tokens),
                new MessageValidation(validator),
                new UnknownStatusReporter());
    }
}
