package org.openkas.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ProtobufBodyTest {
    /** A message of these fields: a number, then its value, which is text, a message or a whole number. */
    private static ByteString message(Object... fields) {
        UnknownFieldSet.Builder message = UnknownFieldSet.newBuilder();
        for (int i = 0; i < fields.length; i += 2) {
            Field.Builder field = Field.newBuilder();
            switch (fields[i + 1]) {
                case String text -> field.addLengthDelimited(ByteString.copyFromUtf8(text));
                case ByteString bytes -> field.addLengthDelimited(bytes);
                case Integer number -> field.addVarint(number);
                default -> throw new IllegalArgumentException();
            }
            message.mergeField((int) fields[i], field.build());
        }
        return message.build().toByteString();
    }

    private static byte[] body(String apiVersion, String kind, ByteString raw) {
        return ByteString.copyFromUtf8("k8s\0").concat(message(1, message(1, apiVersion, 2, kind), 2, raw)).toByteArray();
    }

    private static void assertJson(byte[] body, String json) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        assertThat(mapper.readTree(ProtobufBody.json(body))).isEqualTo(mapper.readTree(json.replace('\'', '"')));
    }

    @Test
    void mapsOfTextAndOfBytes() throws Exception {
        ByteString name = message(1, "n", 2, "", 11, message(1, "a", 2, "b"));
        assertJson(body("v1", "ConfigMap", message(1, name, 2, message(1, "k", 2, "v"), 2, message(1, "l", 2, "w"))), """
                {'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'n','labels':{'a':'b'}},'data':{'k':'v','l':'w'}}""");
        assertJson(body("v1", "Secret", message(1, message(1, "n"), 2, message(1, "k", 2, "v"), 5, 1)), """
                {'apiVersion':'v1','kind':'Secret','metadata':{'name':'n'},'data':{'k':'dg=='},'immutable':true}""");
    }

    @Test
    void listsOfMessagesAndOfText() throws Exception {
        ByteString container = message(1, "c", 2, "image", 3, "sh", 3, "-c", 6, message(1, "", 2, 0, 3, 80));
        ByteString spec = message(1, 0, 2, message(1, message(1, "app", 2, "x")), 3, message(2, message(2, container)));
        assertJson(body("apps/v1", "Deployment", message(1, message(1, "d"), 2, spec)), """
                {'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'d'},'spec':{'replicas':0,
                'selector':{'matchLabels':{'app':'x'}},'template':{'spec':{'containers':[
                {'name':'c','image':'image','command':['sh','-c'],'ports':[{'containerPort':80}]}]}}}}""");
    }

    @Test
    void aPortIsANumberOrAName() throws Exception {
        ByteString number = message(3, 80, 4, message(1, 0, 2, 8080, 3, ""));
        ByteString name = message(3, 81, 4, message(1, 1, 2, 0, 3, "web"));
        assertJson(body("v1", "Service", message(1, message(1, "s"), 2, message(1, number, 1, name))), """
                {'apiVersion':'v1','kind':'Service','metadata':{'name':'s'},'spec':{'ports':[
                {'port':80,'targetPort':8080},{'port':81,'targetPort':'web'}]}}""");
    }

    @Test
    void whatIsNotKnownOrBrokenIsRefused() {
        assertThatThrownBy(() -> ProtobufBody.json(body("v1", "PodTemplate", message(1, "x")))).isInstanceOfSatisfying(ApiFailure.class,
                failure -> assertThat(failure.code()).isEqualTo(415)).hasMessageContaining("PodTemplate");
        assertThatThrownBy(() -> ProtobufBody.json("{}".getBytes(StandardCharsets.UTF_8))).isInstanceOf(ApiFailure.class);
        byte[] whole = body("v1", "ConfigMap", message(1, message(1, "name")));
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> ProtobufBody.json(part)).as("%d bytes", length).isInstanceOf(ApiFailure.class);
        }
    }
}
