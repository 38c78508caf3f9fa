package org.openkas.observability;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.BuildInfo;

class MetricsTest {
    private final Metrics metrics = Metrics.ofServer(new BuildInfo("v1.2.3", "abcdef01", "20260102.030405"));

    @Test
    @DisplayName("CO-31 the build, the JVM and the process are among the metrics")
    void families() throws Exception {
        assertThat(metrics.text()).contains("# TYPE gitlab_build_info gauge\n",
                "gitlab_build_info{built=\"20260102.030405\",otel_scope_name=\"kas\",otel_scope_version=\"\",version=\"v1.2.3\"} 1\n",
                "otel_scope_info{otel_scope_name=\"kas\",otel_scope_version=\"\"} 1\n",
                "target_info{service_name=\"gitlab-kas\",service_version=\"v1.2.3\"} 1\n", "\njvm_memory_used_bytes{",
                "\nprocess_start_time_seconds ",
                "\nprocess_open_fds ");
    }

    @Test
    void theFormatIsThatOfPrometheus004() throws Exception {
        assertThat(Metrics.CONTENT_TYPE).isEqualTo("text/plain; version=0.0.4; charset=utf-8");
        assertThat(metrics.text()).doesNotContain("# EOF").doesNotContain("_created");
    }
}
