package org.openkas.demo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How kubectl reaches the demo agent's cluster.
 *
 * @param builtIn whether the cluster is the demo's own
 * @param obstacle why kubectl does not reach it; empty if it does
 */
public record KubectlWay(boolean builtIn, String obstacle) {

    /** What to type in another terminal, or what stands in the way; {@code kubeconfig} is the file to use. */
    List<String> words(Path kubeconfig) {
        if (!obstacle.isEmpty()) {
            return List.of("kubectl does not reach the agent's cluster: " + obstacle,
                    "  A new directory for the demo has all that it takes.");
        }
        List<String> words = new ArrayList<>(List.of("Talk to the agent's cluster, in another terminal:",
                "  export KUBECONFIG=" + kubeconfig, "  kubectl get pods -w"));
        if (builtIn) {
            words.addAll(List.of("  kubectl logs -f clock", "  kubectl exec -it clock -- sh"));
        }
        return words;
    }
}
