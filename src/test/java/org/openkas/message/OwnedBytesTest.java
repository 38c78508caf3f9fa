package org.openkas.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

class OwnedBytesTest {
    private static final BytesValue MESSAGE = BytesValue.of(ByteString.copyFromUtf8("some bytes"));
    private static final byte[] BROKEN = {0x0a, 0x7f, 1};

    private final MethodDescriptor.Marshaller<BytesValue> usual = ProtoUtils.marshaller(BytesValue.getDefaultInstance());
    private final MethodDescriptor.Marshaller<BytesValue> reading = OwnedBytes.reading(usual);

    @Test
    void fieldsOfBytesArePartsOfTheWhole() throws InvalidProtocolBufferException {
        byte[] whole = MESSAGE.toByteArray();
        BytesValue read = OwnedBytes.parse(BytesValue.getDefaultInstance(), UnsafeByteOperations.unsafeWrap(whole));
        assertThat(read).isEqualTo(MESSAGE);
        whole[whole.length - 1] = '!';
        assertThat(read.getValue().toStringUtf8()).isEqualTo("some byte!");
    }

    @Test
    void aMarshallerReadsAStreamOfBytesAsTheyAre() {
        byte[] whole = MESSAGE.toByteArray();
        BytesValue read = reading.parse(OwnedBytes.stream(UnsafeByteOperations.unsafeWrap(whole)));
        assertThat(usual.parse(OwnedBytes.stream(ByteString.copyFrom(whole)))).isEqualTo(MESSAGE).isEqualTo(read);
        whole[whole.length - 1] = '!';
        assertThat(read.getValue().toStringUtf8()).isEqualTo("some byte!");
    }

    @Test
    void bytesThatAreNoMessageAreRefused() {
        assertThatThrownBy(() -> OwnedBytes.parse(BytesValue.getDefaultInstance(), ByteString.copyFrom(BROKEN)))
                .isInstanceOf(InvalidProtocolBufferException.class);
    }

    @Test
    void aMarshallerReadsWhatItWroteFromStreamsOfAnyKind() {
        assertThat(reading.parse(usual.stream(MESSAGE))).isEqualTo(MESSAGE);
        assertThat(reading.parse(new ByteArrayInputStream(MESSAGE.toByteArray()))).isEqualTo(MESSAGE);
        assertThat(reading.parse(InputStream.nullInputStream())).isEqualTo(BytesValue.getDefaultInstance());
    }

    @Test
    void failuresAreThoseOfTheUsualMarshaller() {
        var expected = catchThrowableOfType(StatusRuntimeException.class, () -> usual.parse(new ByteArrayInputStream(BROKEN)));
        var actual = catchThrowableOfType(StatusRuntimeException.class, () -> reading.parse(new ByteArrayInputStream(BROKEN)));
        assertThat(actual.getStatus().getCode()).isEqualTo(expected.getStatus().getCode());
        assertThat(actual.getStatus().getDescription()).isEqualTo(expected.getStatus().getDescription());
        assertThat(actual.getCause()).isInstanceOf(InvalidProtocolBufferException.class).hasMessage(expected.getCause().getMessage());
    }
}
