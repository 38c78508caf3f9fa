package org.openkas.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class KubectlWayTest {
    private static final Path FILE = Path.of("/d/kubeconfig");

    @Test
    void theOwnClustersPodsAreNamed() {
        assertThat(new KubectlWay(true, "").words(FILE)).contains("  export KUBECONFIG=/d/kubeconfig", "  kubectl get pods -w",
                "  kubectl logs -f clock", "  kubectl exec -it clock -- sh");
    }

    @Test
    void anotherClustersPodsAreNotKnown() {
        assertThat(new KubectlWay(false, "").words(FILE)).contains("  kubectl get pods -w").noneMatch(line -> line.contains("clock"));
    }

    @Test
    void whatStandsInTheWayIsSaidInPlaceOfCommands() {
        assertThat(new KubectlWay(true, "the listener is off").words(FILE)).anyMatch(line -> line.endsWith("the listener is off"))
                .noneMatch(line -> line.contains("export"));
    }
}
