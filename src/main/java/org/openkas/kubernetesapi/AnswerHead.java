package org.openkas.kubernetesapi;

import io.netty.handler.codec.DateFormatter;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.openkas.common.HttpText;

/** Builds status lines and headers for clients. Without state. */
final class AnswerHead {
    private AnswerHead() {
    }

    /**
     * With these headers; those that could not stand on the wire are left out or mended. A client of HTTP/1.0 is told if its
     * connection goes on.
     */
    static HttpResponse of(HttpVersion version, int status, HeaderLines headers) {
        boolean http10 = version.equals(HttpVersion.HTTP_1_0);
        HttpResponse response = new DefaultHttpResponse(http10 ? HttpVersion.HTTP_1_0 : HttpVersion.HTTP_1_1,
                status(status), DefaultHttpHeadersFactory.headersFactory().withValidation(false));
        HttpHeaders wire = response.headers();
        for (String name : headers.names()) {
            if (HeaderLines.legalName(name)) {
                headers.values(name).forEach(value -> wire.add(name, bytes(value)));
            }
        }
        if (http10 && !headers.has("Connection")) {
            wire.add("Connection", "keep-alive");
        }
        return response;
    }

    /** With the phrase that the reference gives it, which is Netty's for all but a few. */
    private static HttpResponseStatus status(int code) {
        HttpResponseStatus known = HttpResponseStatus.valueOf(code);
        String phrase = HttpText.phrase(code);
        return known.reasonPhrase().equals(phrase) ? known : new HttpResponseStatus(code, phrase);
    }

    /** A line break in a value would begin a header of the cluster's choice. */
    private static AsciiString bytes(String value) {
        String line = value.replace('\r', ' ').replace('\n', ' ').replace('\0', ' ').strip();
        return new AsciiString(line.getBytes(StandardCharsets.UTF_8), false);
    }

    /** Adds the time unless there is one. */
    static void date(HeaderLines headers, Instant now) {
        if (!headers.has("Date")) {
            headers.replace("Date", List.of(DateFormatter.format(Date.from(now))));
        }
    }
}
