/**
 * Where traces and errors leave the server: spans to an OTLP collector (chapter 05 §14), errors to Sentry (chapter 05 §15). The
 * only room that knows the OpenTelemetry SDK. Nothing of it is loaded while tracing and Sentry are off.
 *
 * <p>Sentry has a sender of our own: what is sent is one JSON object per error, while the client libraries for Java bring some
 * hundred classes, threads and global state with them. It sits behind the log, since what an operator has to mend is an error
 * line with a field {@code error}, and everything that Sentry wants to know stands in the line's other fields.
 */
@org.jspecify.annotations.NullMarked
package org.openkas.telemetry;
