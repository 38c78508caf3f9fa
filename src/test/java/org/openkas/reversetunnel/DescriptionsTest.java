package org.openkas.reversetunnel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.openkas.proto.reversetunnel.AgentDescriptor;
import org.openkas.proto.reversetunnel.Method;
import org.openkas.proto.reversetunnel.Service;

class DescriptionsTest {
    private final Descriptions descriptions = new Descriptions();

    private static AgentDescriptor descriptor(String service, String method) {
        return AgentDescriptor.newBuilder().addServices(Service.newBuilder().setName(service).addMethods(Method.newBuilder().setName(method)))
                .build();
    }

    @Test
    void tunnelsThatSayTheSameShareIt() {
        ServedMethods first = descriptions.of(descriptor("a.B", "Do"));
        assertThat(descriptions.of(descriptor("a.B", "Do"))).isSameAs(first);
    }

    @Test
    void whatDiffersIsNeverShared() {
        ServedMethods first = descriptions.of(descriptor("a.B", "Do"));
        ServedMethods second = descriptions.of(descriptor("a.B", "Undo"));
        assertThat(first.serves("a.B", "Do")).isTrue();
        assertThat(first.serves("a.B", "Undo")).isFalse();
        assertThat(second.serves("a.B", "Undo")).isTrue();
        assertThat(second.serves("a.B", "Do")).isFalse();
    }
}
