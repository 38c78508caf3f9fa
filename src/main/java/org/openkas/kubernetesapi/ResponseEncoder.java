package org.openkas.kubernetesapi;

import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;

/** Writes responses; told beforehand whether one has no body in spite of its headers. Runs on the connection's event loop. */
final class ResponseEncoder extends HttpResponseEncoder {
    private boolean bodiless;

    /** About the next response: whether it is one without body whatever its headers say, as those to {@code HEAD} are. */
    void bodiless(boolean value) {
        bodiless = value;
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpResponse response) {
        return bodiless || super.isContentAlwaysEmpty(response);
    }
}
