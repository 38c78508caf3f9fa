package org.openkas.repository;

/** A file met on a walk; {@code path} counts from the root of the repository. */
public record TreeBlob(String path, String revision) {
}
