package org.openkas.repository;

/**
 * A file met on a walk.
 *
 * @param path counts from the root of the repository
 * @param object the id of its content, which is the same wherever the content is; empty if it is not known
 */
public record TreeBlob(String path, String revision, String object) {

    /** A file whose content's id is not known. */
    public TreeBlob(String path, String revision) {
        this(path, revision, "");
    }
}
