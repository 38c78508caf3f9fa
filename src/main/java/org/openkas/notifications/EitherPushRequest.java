package org.openkas.notifications;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.InputStream;
import org.openkas.proto.event.GitPushEvent;
import org.openkas.proto.event.Project;
import org.openkas.proto.notifications.GitPushEventRequest;

/**
 * Reads both forms of the request. In GitLab 15.11 to 16.1 its field 1 was the project, since then it is the event that
 * holds the project. The first field within tells them apart: a project begins with a number, an event with a message. An
 * old request is read as the new one that says the same, so that nothing behind this place knows of it (RA-41).
 */
final class EitherPushRequest implements Marshaller<GitPushEventRequest> {
    private final Marshaller<GitPushEventRequest> generated;

    EitherPushRequest(Marshaller<GitPushEventRequest> generated) {
        this.generated = generated;
    }

    @Override
    public InputStream stream(GitPushEventRequest request) {
        return generated.stream(request);
    }

    @Override
    public GitPushEventRequest parse(InputStream bytes) {
        GitPushEventRequest request = generated.parse(bytes);
        GitPushEvent event = request.getEvent();
        return !event.hasProject() && beginsWithNumber(event) ? fromOldForm(request) : request;
    }

    /** A field whose wire type is not the declared one is kept as an unknown field. */
    private static boolean beginsWithNumber(GitPushEvent event) {
        UnknownFieldSet unknown = event.getUnknownFields();
        int field = GitPushEvent.PROJECT_FIELD_NUMBER;
        return unknown.hasField(field) && !unknown.getField(field).getVarintList().isEmpty();
    }

    private static GitPushEventRequest fromOldForm(GitPushEventRequest request) {
        try {
            Project project = Project.parseFrom(request.getEvent().toByteString());
            return GitPushEventRequest.newBuilder().setEvent(GitPushEvent.newBuilder().setProject(project)).build();
        } catch (InvalidProtocolBufferException e) {
            // no project either: left as it is, validation tells the caller what is missing
            return request;
        }
    }
}
