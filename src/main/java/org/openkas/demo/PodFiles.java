package org.openkas.demo;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The file systems of all pods, by the pods' uids; made when somebody looks. Thread-safe. */
final class PodFiles {
    private final Map<String, ToyFiles> files = new ConcurrentHashMap<>();

    /** The files of a pod. */
    ToyFiles of(String uid, String name) {
        return files.computeIfAbsent(uid, unknown -> {
            ToyFiles made = new ToyFiles();
            for (String directory : new String[]{"/bin", "/etc", "/home", "/tmp"}) {
                made.makeDirectory(directory);
            }
            try {
                made.write("/etc/hostname", (name + "\n").getBytes(StandardCharsets.UTF_8));
                made.write("/etc/motd", "A pod of the OpenKAS demo: nothing here is real.\n".getBytes(StandardCharsets.UTF_8));
            } catch (java.io.IOException e) {
                throw new IllegalStateException(e);
            }
            return made;
        });
    }

    /** The pod is gone. */
    void forget(String uid) {
        files.remove(uid);
    }
}
