package org.openkas.agentapi;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.openkas.common.AgentToken;
import org.openkas.common.Groups;
import org.openkas.common.Timers;
import org.openkas.grpc.CallAge;
import org.openkas.grpc.CallContext;

/**
 * Lets the waiting calls of a token end when the token is removed: they end with OK, the agent comes back at once, and is
 * refused then like anybody with a wrong token. Stands behind the interceptor that extracts tokens. Thread-safe.
 */
public final class RemovedTokens implements ServerInterceptor {
    private final Groups<AgentToken, Ending> waiting = new Groups<>();

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        AgentToken token = CallContext.TOKEN.get();
        if (token == null) {
            return next.startCall(call, headers);
        }
        CallAge age = new TokenAge(token, CallContext.AGE.get());
        return Contexts.interceptCall(Context.current().withValue(CallContext.AGE, age), call, headers, next);
    }

    /** Ends the waiting of all calls that were made with this token. */
    public void removed(AgentToken token) {
        waiting.of(token).forEach(Ending::tokenRemoved);
    }

    /** Something to do once, at whichever of two moments comes first. */
    private final class Ending implements Timers.Cancellable {
        private final AgentToken token;
        private final TokenAge age;
        private final Runnable action;
        private final AtomicBoolean over = new AtomicBoolean();

        Ending(AgentToken token, TokenAge age, Runnable action) {
            this.token = token;
            this.age = age;
            this.action = action;
        }

        void tokenRemoved() {
            age.removed = true;
            happen();
        }

        void happen() {
            if (over.compareAndSet(false, true)) {
                waiting.remove(token, this);
                action.run();
            }
        }

        @Override
        public void cancel() {
            over.set(true);
            waiting.remove(token, this);
        }
    }

    private final class TokenAge implements CallAge {
        private final AgentToken token;
        private final CallAge age;
        private volatile boolean removed;

        TokenAge(AgentToken token, CallAge age) {
            this.token = token;
            this.age = age;
        }

        @Override
        public CallAge lasting() {
            TokenAge lasting = new TokenAge(token, age.lasting());
            lasting.removed = removed;
            return lasting;
        }

        @Override
        public Timers.Cancellable whenEnded(Runnable action) {
            Ending ending = new Ending(token, this, action);
            waiting.add(token, ending);
            Timers.Cancellable byAge = age.whenEnded(ending::happen);
            return () -> {
                byAge.cancel();
                ending.cancel();
            };
        }

        @Override
        public boolean ended() {
            return removed || age.ended();
        }
    }
}
