package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The command of {@code config.command}: what it prints is YAML that is laid over the file (chapter 07 §6.1). It runs with
 * the server's own rights and environment. Its output is never logged, as it may hold secrets. Thread-safe.
 */
final class ExtraConfiguration {
    private static final String KEY = "config.command: ";

    private final Duration limit;

    /** With the longest time that a command may run. */
    ExtraConfiguration(Duration limit) {
        this.limit = limit;
    }

    /** The program and its arguments; empty if there is none. */
    static List<String> command(MessageReader c) {
        return c.field("command", ValueType.COMMAND,
                "program whose output, YAML of the same form, is laid over this file; must end within 30s").orElse(List.of());
    }

    /** Runs {@code command} and lays its output over {@code tree}. */
    void layOver(ObjectNode tree, List<String> command) throws ConfigurationException {
        try {
            JsonNode more = YamlTree.parse(output(command));
            if (more instanceof ObjectNode object) {
                merge(tree, object);
            } else if (!more.isNull()) {
                throw new ConfigurationException(KEY + "the output must be a mapping of keys to values");
            }
        } catch (YamlException e) {
            throw new ConfigurationException(KEY + "output: YAMLToJSON: " + e.getMessage(), e);
        }
    }

    /** Mappings are merged key by key; everything else replaces what was there. */
    private static void merge(ObjectNode tree, ObjectNode more) {
        more.properties().forEach(member -> {
            if (tree.get(member.getKey()) instanceof ObjectNode below && member.getValue() instanceof ObjectNode above) {
                merge(below, above);
            } else {
                tree.set(member.getKey(), member.getValue());
            }
        });
    }

    private String output(List<String> command) throws ConfigurationException {
        Process process = start(command);
        CompletableFuture<String> errors = drain(process.getErrorStream());
        CompletableFuture<String> output = drain(process.getInputStream());
        try {
            process.getOutputStream().close();
            if (!process.waitFor(limit)) {
                throw new ConfigurationException(KEY + "the command did not end within " + DurationText.show(limit));
            }
            if (process.exitValue() != 0) {
                throw new ConfigurationException(KEY + "the command ended with exit status " + process.exitValue() + ": "
                        + text(errors).lines().map(String::strip).filter(line -> !line.isEmpty()).findFirst().orElse("no error text"));
            }
            return text(output);
        } catch (IOException e) {
            throw new ConfigurationException(KEY + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ConfigurationException(KEY + "interrupted", e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /** All of a stream; a child that outlives the command may keep it open. */
    private String text(CompletableFuture<String> stream) throws ConfigurationException, InterruptedException {
        try {
            return stream.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new ConfigurationException(KEY + "the command ended but left its output open for " + DurationText.show(limit), e);
        } catch (ExecutionException e) {
            throw new ConfigurationException(KEY + "the output cannot be read", e);
        }
    }

    private static Process start(List<String> command) throws ConfigurationException {
        try {
            return new ProcessBuilder(command).start();
        } catch (IOException e) {
            throw new ConfigurationException(KEY + "cannot start " + command.getFirst() + ": " + reason(e), e);
        }
    }

    private static String reason(IOException failure) {
        return String.valueOf(failure.getMessage()).replaceFirst("^.*error=\\d+, ", "");
    }

    private static CompletableFuture<String> drain(InputStream stream) {
        CompletableFuture<String> text = new CompletableFuture<>();
        Thread.ofVirtual().name("config.command").start(() -> {
            try {
                text.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                text.completeExceptionally(new UncheckedIOException(e));
            }
        });
        return text;
    }
}
