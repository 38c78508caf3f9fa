package org.openkas.notifications;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ServerInterceptors;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.cluster.GitPushEvents;
import org.openkas.cluster.MemoryGitPushEvents;
import org.openkas.common.Log;
import org.openkas.common.LogLevel;
import org.openkas.grpc.CallLogs;
import org.openkas.proto.event.GitPushEvent;
import org.openkas.proto.event.Project;
import org.openkas.proto.notifications.GitPushEventRequest;
import org.openkas.proto.notifications.NotificationsGrpc;
import org.openkas.testkit.Bytes;
import org.openkas.testkit.InProcess;
import org.openkas.testkit.RecordedLog;

class NotificationsServiceTest {
    private static final String METHOD = "gitlab.agent.notifications.rpc.Notifications/GitPushEvent";
    private static final Project PROJECT = Project.newBuilder().setId(7).setFullPath("g/p").build();
    private static final GitPushEvent EVENT = GitPushEvent.newBuilder().setProject(PROJECT).build();

    private final MemoryGitPushEvents events = new MemoryGitPushEvents(Runnable::run, Log.none());
    private final List<GitPushEvent> seen = new ArrayList<>();
    private final InProcess server = new InProcess(new NotificationsService(events));

    @AfterEach
    void stop() {
        server.close();
    }

    private static byte[] oldForm(byte[] project) {
        byte[] request = new byte[project.length + 2];
        request[0] = 0x0a;
        request[1] = (byte) project.length;
        System.arraycopy(project, 0, request, 2, project.length);
        return request;
    }

    private static GitPushEventRequest parsed(byte[] request) {
        return new EitherPushRequest(NotificationsGrpc.getGitPushEventMethod().getRequestMarshaller())
                .parse(new ByteArrayInputStream(request));
    }

    @Test
    @DisplayName("a push event reaches the subscribers")
    void publishes() {
        events.subscribe(seen::add);
        NotificationsGrpc.newBlockingStub(server.channel()).gitPushEvent(GitPushEventRequest.newBuilder().setEvent(EVENT).build());
        assertThat(seen).containsExactly(EVENT);
    }

    @Test
    @DisplayName("RA-39 without a subscriber the answer is OK and empty")
    void nobodyListens() {
        assertThat(Bytes.call(server.channel(), METHOD, GitPushEventRequest.newBuilder().setEvent(EVENT).build().toByteArray())).isEmpty();
    }

    @Test
    @DisplayName("RA-41 the request of GitLab 15.11 to 16.1 is the same event")
    void oldRequest() {
        events.subscribe(seen::add);
        Bytes.call(server.channel(), METHOD, oldForm(PROJECT.toByteArray()));
        assertThat(seen).containsExactly(EVENT);
    }

    @Test
    @DisplayName("RA-41 the order of the old request's fields does not matter, unknown ones are ignored")
    void oldRequestOtherOrder() {
        byte[] reversed = {0x12, 3, 'g', '/', 'p', 0x08, 7, 0x18, 1};
        GitPushEvent event = parsed(oldForm(reversed)).getEvent();
        assertThat(event.getProject().getId()).isEqualTo(7);
        assertThat(event.getProject().getFullPath()).isEqualTo("g/p");
    }

    @Test
    @DisplayName("an old request without an id, an empty one and today's stay what they are")
    void notOldForm() {
        byte[] pathOnly = {0x12, 3, 'g', '/', 'p'};
        assertThat(parsed(oldForm(pathOnly)).getEvent().hasProject()).isFalse();
        assertThat(parsed(new byte[0])).isEqualTo(GitPushEventRequest.getDefaultInstance());
        GitPushEventRequest today = GitPushEventRequest.newBuilder().setEvent(EVENT).build();
        assertThat(parsed(today.toByteArray())).isEqualTo(today);
    }

    @Test
    @DisplayName("RA-40 a failure to publish is told with its cause")
    void failure() {
        GitPushEvents failing = new GitPushEvents() {
            @Override
            public void publish(GitPushEvent event) throws PublishException {
                throw new PublishException("connection refused", new IOException());
            }

            @Override
            public Subscription subscribe(Listener listener) {
                return () -> {
                };
            }
        };
        RecordedLog log = new RecordedLog();
        CallLogs logs = new CallLogs(log.log(), RandomGenerator.getDefault());
        try (InProcess broken = new InProcess(ServerInterceptors.intercept(new NotificationsService(failing), logs))) {
            assertThatThrownBy(() -> NotificationsGrpc.newBlockingStub(broken.channel())
                    .gitPushEvent(GitPushEventRequest.newBuilder().setEvent(EVENT).build()))
                    .hasMessage("UNAVAILABLE: Failed to publish received git push event: connection refused");
        }
        assertThat(log.lines("Failed to publish received git push event")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("error", "connection refused");
        });
    }
}
