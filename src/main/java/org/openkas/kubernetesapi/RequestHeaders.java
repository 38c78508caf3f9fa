package org.openkas.kubernetesapi;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;

/**
 * The lines of a request's header as they came, looked at before the decoder makes something of them: where they leave open
 * how long the body is, two servers in a row may not agree (chapter 03 §2.3). Not thread-safe.
 */
final class RequestHeaders extends DefaultHttpHeaders {
    /** Makes such headers. */
    static final HttpHeadersFactory FACTORY = new HttpHeadersFactory() {
        @Override
        public HttpHeaders newHeaders() {
            return new RequestHeaders();
        }

        @Override
        public HttpHeaders newEmptyHeaders() {
            return new RequestHeaders();
        }
    };

    /** A body that is coded in a way which this server does not know. */
    static final class UnknownCoding extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        UnknownCoding() {
            super("unsupported transfer encoding");
        }
    }

    private boolean knowsCodings = true;
    private boolean codingIgnored;

    /** The request is one of HTTP/1.0, which knows no codings of bodies: a {@code Transfer-Encoding} says nothing. */
    void withoutCodings() {
        knowsCodings = false;
    }

    /** Whether there was a {@code Transfer-Encoding} that says nothing; the next server may have thought otherwise. */
    boolean codingIgnored() {
        return codingIgnored;
    }

    @Override
    public HttpHeaders add(CharSequence name, Object value) {
        String text = value.toString();
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if ((character < ' ' && character != '\t') || character == 0x7f) {
                throw new IllegalArgumentException("a control character in a header");
            }
        }
        if (HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name) && !decimal(text)) {
            throw new IllegalArgumentException("bad Content-Length");
        }
        if (HttpHeaderNames.TRANSFER_ENCODING.contentEqualsIgnoreCase(name) && !knowsCodings) {
            codingIgnored = true;
            return this;
        }
        if (HttpHeaderNames.TRANSFER_ENCODING.contentEqualsIgnoreCase(name)
                && (contains(HttpHeaderNames.TRANSFER_ENCODING) || !text.equalsIgnoreCase("chunked"))) {
            throw new UnknownCoding();
        }
        // for these the decoder takes eight bytes that no length announces
        if (HttpHeaderNames.SEC_WEBSOCKET_KEY1.contentEqualsIgnoreCase(name)
                || HttpHeaderNames.SEC_WEBSOCKET_KEY2.contentEqualsIgnoreCase(name)) {
            throw new IllegalArgumentException("a draft of WebSocket");
        }
        return super.add(name, value);
    }

    private static boolean decimal(String text) {
        return !text.isEmpty() && text.length() <= 18 && text.chars().allMatch(digit -> digit >= '0' && digit <= '9');
    }
}
