package org.openkas.grpc;

import io.grpc.Context;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;

/**
 * What interceptors know about the current call, for the services below. Values are read on the thread that a service
 * method is called on and handed on explicitly from there.
 */
public final class CallContext {
    /** The call's logger: {@code correlation_id}, {@code grpc_service}, {@code grpc_method}. */
    public static final Context.Key<Log> LOG = Context.keyWithDefault("openkas-log", Log.none());
    /** The token that an agent presented; only on the agents' listeners. */
    public static final Context.Key<AgentToken> TOKEN = Context.key("openkas-token");
    /** When the call should stop waiting. */
    public static final Context.Key<CallAge> AGE = Context.keyWithDefault("openkas-age", CallAge.ENDLESS);

    /** Why the call is over before its handler ended it. */
    public static final Context.Key<EarlyEnd> EARLY_END = Context.key("openkas-early-end");

    private CallContext() {
    }
}
