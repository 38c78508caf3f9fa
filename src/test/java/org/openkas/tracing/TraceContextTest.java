package org.openkas.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String SPAN = "b7ad6b7169203331";

    @Test
    @DisplayName("a traceparent is read and written again, with what others keep in tracestate")
    void good() {
        TraceContext context = TraceContext.parse("00-" + TRACE + "-" + SPAN + "-01", "a=1,b=2").orElseThrow();
        assertThat(context).isEqualTo(new TraceContext(TRACE, SPAN, true, "a=1,b=2"));
        assertThat(context.traceparent()).isEqualTo("00-" + TRACE + "-" + SPAN + "-01");
        assertThat(context.id()).hasToString(TRACE);
        assertThat(TraceContext.parse("00-" + TRACE + "-" + SPAN + "-02", null).orElseThrow().sampled()).isFalse();
        assertThat(TraceContext.parse("cc-" + TRACE + "-" + SPAN + "-03-what-comes-later", null).orElseThrow().sampled()).isTrue();
    }

    @ParameterizedTest
    @DisplayName("what is no traceparent counts as none")
    @ValueSource(strings = {"", "x", "00-" + TRACE + "-" + SPAN, "00-" + TRACE + "-" + SPAN + "-1", "ff-" + TRACE + "-" + SPAN + "-01",
            "00-" + TRACE + "-" + SPAN + "-01-more", "00-00000000000000000000000000000000-" + SPAN + "-01",
            "00-" + TRACE + "-0000000000000000-01", "00-0AF7651916CD43DD8448EB211C80319C-" + SPAN + "-01",
            " 00-" + TRACE + "-" + SPAN + "-01"})
    void bad(String text) {
        assertThat(TraceContext.parse(text, "a=1")).isEmpty();
    }

    @Test
    @DisplayName("states and baggage that no header could carry on are left out")
    void notCarried() {
        String parent = "00-" + TRACE + "-" + SPAN + "-01";
        assertThat(TraceContext.parse(parent, "a=\n").orElseThrow().state()).isEmpty();
        assertThat(TraceContext.parse(parent, "a=" + "x".repeat(600)).orElseThrow().state()).isEmpty();
        assertThat(TraceContext.baggage("k=v;p, l=w")).isEqualTo("k=v;p, l=w");
        assertThat(TraceContext.baggage("k=\u00e9")).isEmpty();
        assertThat(TraceContext.baggage(null)).isEmpty();
    }
}
