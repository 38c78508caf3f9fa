package org.openkas.agentapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openkas.common.AgentToken;
import org.openkas.common.Timers;
import org.openkas.grpc.CallAge;
import org.openkas.grpc.CallContext;

class RemovedTokensTest {
    private static final AgentToken A = AgentToken.ofAgentk("a");
    private static final AgentToken B = AgentToken.ofAgentk("b");

    private final RemovedTokens tokens = new RemovedTokens();
    private final List<String> ended = new ArrayList<>();

    /** The age that a service would see in a call with this token. */
    private CallAge ageOf(AgentToken token, CallAge age) {
        List<CallAge> seen = new ArrayList<>();
        Context context = Context.ROOT.withValues(CallContext.TOKEN, token, CallContext.AGE, age);
        context.run(() -> tokens.interceptCall(null, new Metadata(), (ServerCall<Object, Object> call, Metadata headers) -> {
            seen.add(CallContext.AGE.get());
            return new ServerCall.Listener<>() {
            };
        }));
        return seen.getFirst();
    }

    @Test
    void onlyTheCallsOfTheRemovedTokenEnd() {
        CallAge a1 = ageOf(A, CallAge.ENDLESS);
        a1.whenEnded(() -> ended.add("a1"));
        ageOf(A, CallAge.ENDLESS).whenEnded(() -> ended.add("a2"));
        ageOf(B, CallAge.ENDLESS).whenEnded(() -> ended.add("b"));
        tokens.removed(A);
        assertThat(ended).containsExactlyInAnyOrder("a1", "a2");
        assertThat(a1.ended()).isTrue();
    }

    @Test
    void anEndHappensOnceWhicheverMomentComesFirst() {
        List<Runnable> byAge = new ArrayList<>();
        CallAge age = new CallAge() {
            @Override
            public Timers.Cancellable whenEnded(Runnable action) {
                byAge.add(action);
                return () -> {
                };
            }

            @Override
            public boolean ended() {
                return false;
            }
        };
        ageOf(A, age).whenEnded(() -> ended.add("a"));
        byAge.forEach(Runnable::run);
        tokens.removed(A);
        assertThat(ended).containsExactly("a");
    }

    @Test
    void whatLastsEndsWithItsTokenToo() {
        ageOf(A, CallAge.ENDLESS).lasting().whenEnded(() -> ended.add("a"));
        ageOf(B, CallAge.ENDLESS).lasting().whenEnded(() -> ended.add("b"));
        ageOf(A, CallAge.ENDLESS).lasting().whenEnded(() -> ended.add("c")).cancel();
        tokens.removed(A);
        assertThat(ended).containsExactly("a");
    }

    @Test
    void aCancelledEndDoesNotHappen() {
        ageOf(A, CallAge.ENDLESS).whenEnded(() -> ended.add("a")).cancel();
        tokens.removed(A);
        assertThat(ended).isEmpty();
    }
}
