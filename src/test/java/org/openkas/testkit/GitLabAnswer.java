package org.openkas.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** What {@link FakeGitLab} does with one request. Immutable. */
public record GitLabAnswer(int status, List<Map.Entry<String, String>> headers, byte[] body, Duration delay, Fate fate) {

    /** How the answer ends. */
    public enum Fate {
        /** Complete; the connection stays open. */
        COMPLETE,
        /** The connection is reset instead of an answer. */
        RESET,
        /** The connection is closed in order instead of an answer. */
        HANG_UP,
        /** Status, headers and half of the body, then the connection is closed. */
        HALF,
        /** Status, headers and half of the body, then silence. */
        STALL
    }

    /** An answer without body. */
    public static GitLabAnswer status(int status) {
        return new GitLabAnswer(status, List.of(), new byte[0], Duration.ZERO, Fate.COMPLETE);
    }

    /** An answer of type {@code application/json}. */
    public static GitLabAnswer json(int status, String json) {
        return text(status, "application/json", json);
    }

    public static GitLabAnswer text(int status, String contentType, String text) {
        return new GitLabAnswer(status, List.of(Map.entry("Content-Type", contentType)), text.getBytes(StandardCharsets.UTF_8),
                Duration.ZERO,
                Fate.COMPLETE);
    }

    /** Resets the connection instead of answering. */
    public static GitLabAnswer reset() {
        return new GitLabAnswer(0, List.of(), new byte[0], Duration.ZERO, Fate.RESET);
    }

    /** Closes the connection instead of answering. */
    public static GitLabAnswer hangUp() {
        return new GitLabAnswer(0, List.of(), new byte[0], Duration.ZERO, Fate.HANG_UP);
    }

    public GitLabAnswer with(String header, String value) {
        List<Map.Entry<String, String>> more = new ArrayList<>(headers);
        more.add(Map.entry(header, value));
        return new GitLabAnswer(status, List.copyOf(more), body, delay, fate);
    }

    /** The same answer later; the connection is silent until then. */
    public GitLabAnswer after(Duration wait) {
        return new GitLabAnswer(status, headers, body, wait, fate);
    }

    /** The same answer, cut off in the middle of its body. */
    public GitLabAnswer cutOff() {
        return new GitLabAnswer(status, headers, body, delay, Fate.HALF);
    }

    /** The same answer, of which the second half never comes. */
    public GitLabAnswer stalled() {
        return new GitLabAnswer(status, headers, body, delay, Fate.STALL);
    }

    /** The same answer, compressed. */
    public GitLabAnswer gzipped() {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
            gzip.write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new GitLabAnswer(status, headers, compressed.toByteArray(), delay, fate).with("Content-Encoding", "gzip");
    }
}
