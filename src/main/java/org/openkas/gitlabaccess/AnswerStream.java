package org.openkas.gitlabaccess;

import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.openkas.common.HttpText;
import org.openkas.gitlab.GitLabResponse;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.prototool.Values;

/** GitLab's answer as the messages that an agent reads (chapter 01 §5.6.2). One thread each. */
final class AnswerStream {
    /** No message carries more of the body. */
    private static final int PIECE = 32 << 10;
    /** How the body travelled to this server, not what it is. */
    private static final Set<String> FRAMING = Set.of("transfer-encoding", "trailer");

    private final GitLabResponse answer;

    AnswerStream(GitLabResponse answer) {
        this.answer = answer;
    }

    /** Takes a message; blocks until there is room for it. */
    @FunctionalInterface
    interface Receiver {
        void take(HttpResponse message) throws InterruptedException;
    }

    /**
     * Hands over all messages; pieces of the body as they arrive.
     *
     * @throws IOException if the body breaks off
     */
    void forEach(Receiver receiver) throws IOException, InterruptedException {
        receiver.take(HttpResponse.newBuilder().setHeader(header()).build());
        byte[] piece = new byte[PIECE];
        for (int length = read(piece); length >= 0; length = read(piece)) {
            if (length > 0) {
                receiver.take(HttpResponse.newBuilder().setData(HttpResponse.Data.newBuilder()
                        .setData(UnsafeByteOperations.unsafeWrap(Arrays.copyOf(piece, length)))).build());
            }
        }
        receiver.take(HttpResponse.newBuilder().setTrailer(HttpResponse.Trailer.getDefaultInstance()).build());
    }

    private int read(byte[] piece) throws IOException, InterruptedException {
        try {
            return answer.body().read(piece);
        } catch (IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while reading GitLab's answer");
            }
            throw e;
        }
    }

    private HttpResponse.Header header() {
        org.openkas.proto.prototool.HttpResponse.Builder response = org.openkas.proto.prototool.HttpResponse.newBuilder()
                .setStatusCode(answer.status()).setStatus(answer.status() + " " + HttpText.phrase(answer.status()));
        for (Map.Entry<String, List<String>> header : answer.headers().entrySet()) {
            if (!FRAMING.contains(header.getKey()) && !closes(header)) {
                response.putHeader(HttpText.canonicalName(header.getKey()), Values.newBuilder().addAllValue(header.getValue()).build());
            }
        }
        return HttpResponse.Header.newBuilder().setResponse(response).build();
    }

    private static boolean closes(Map.Entry<String, List<String>> header) {
        return header.getKey().equals("connection") && header.getValue().stream().anyMatch("close"::equalsIgnoreCase);
    }
}
