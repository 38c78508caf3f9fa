package org.openkas.agentapi;

import io.grpc.ServerInterceptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.openkas.cluster.TokenLimiter;
import org.openkas.common.Log;
import org.openkas.grpc.AnswerCompression;
import org.openkas.grpc.CallLogs;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.MessageValidation;
import org.openkas.grpc.MessageValidator;
import org.openkas.grpc.UnknownStatusReporter;

/**
 * What every call of an agent passes on its way to a service (chapter 01 §3.5).
 *
 * @param metrics counts calls
 * @param validator knows the rules of messages
 * @param limiter limits calls of a token
 * @param rateExceeded told of each call that the limiter refused
 * @param aliases further names of methods, see {@link AgentMethods}
 * @param inner what else knows the token, in front of the services; outermost first
 * @param log where the calls' loggers begin
 */
public record AgentGate(GrpcServerMetrics metrics, MessageValidator validator, TokenLimiter limiter, Runnable rateExceeded,
        Map<String, String> aliases, List<ServerInterceptor> inner, Log log) {

    /** Without anything else in front of the services. */
    public AgentGate(GrpcServerMetrics metrics, MessageValidator validator, TokenLimiter limiter, Runnable rateExceeded,
            Map<String, String> aliases, Log log) {
        this(metrics, validator, limiter, rateExceeded, aliases, List.of(), log);
    }

    /** The interceptors, outermost first; {@code executor} begins calls that had to wait. */
    List<ServerInterceptor> interceptors(RandomGenerator random, Executor executor) {
        List<ServerInterceptor> all = new ArrayList<>(
                List.of(metrics, CallLogs.namingTraces(log, random), new AnswerCompression(), new TokenExtraction(),
                        new MessageValidation(validator), new TokenRateLimit(limiter, rateExceeded, executor), new UnknownStatusReporter(),
                        new SentMessageLimit()));
        all.addAll(inner);
        return all;
    }
}
