package org.openkas.message;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FieldOptions;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.OneofDescriptorProto;
import com.google.protobuf.DescriptorProtos.OneofOptions;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.openkas.proto.agentcfg.CiAccessAsCF;
import org.openkas.proto.agentcfg.CiAccessAsImpersonateCF;
import org.openkas.proto.agentcfg.CiAccessCF;
import org.openkas.proto.agentcfg.CiAccessProjectCF;
import org.openkas.proto.agentcfg.ConfigurationFile;
import org.openkas.proto.agentcfg.ContainerScanningCF;
import org.openkas.proto.agentcfg.ExtraKeyValCF;
import org.openkas.proto.agentcfg.GitRefCF;
import org.openkas.proto.agentcfg.GitopsCF;
import org.openkas.proto.agentcfg.ManifestProjectCF;
import org.openkas.proto.agentcfg.PathCF;
import org.openkas.proto.agentcfg.RemoteDevelopmentCF;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.event.Project;
import org.openkas.proto.gitlab.GetAgentInfoResponse;
import org.openkas.proto.notifications.GitPushEventRequest;
import org.openkas.proto.rules.FieldRules;
import org.openkas.proto.rules.Rules;

class MessageRulesTest {
    private static final ManifestProjectCF.Builder PROJECT = ManifestProjectCF.newBuilder();

    static Stream<Arguments> violations() {
        return Stream.of(
                Arguments.of(GitPushEventRequest.getDefaultInstance(), "invalid GitPushEventRequest.Event: value is required"),
                Arguments.of(ConfigurationResponse.getDefaultInstance(),
                        "invalid ConfigurationResponse.CommitId: value length must be at least 1 bytes"),
                Arguments.of(Project.getDefaultInstance(),
                        "invalid Project.Id: value must be greater than 0; invalid Project.FullPath: value length must be at least 1 bytes"),
                Arguments.of(CiAccessAsCF.getDefaultInstance(), "invalid CiAccessAsCF.As: value is required"),
                Arguments.of(GitRefCF.newBuilder().setTag("").build(), "invalid GitRefCF.Tag: value length must be at least 1 bytes"),
                Arguments.of(
                        ExtraKeyValCF.newBuilder().setKey("k").build(), "invalid ExtraKeyValCF.Val: value must contain at least 1 item(s)"),
                Arguments.of(ExtraKeyValCF.newBuilder().setKey("k").addVal("a").addVal("").build(),
                        "invalid ExtraKeyValCF.Val[1]: value length must be at least 1 bytes"),
                Arguments.of(PROJECT.clone().setId("").setDryRunStrategy("x").addPaths(PathCF.newBuilder().setGlob("a"))
                        .addPaths(PathCF.getDefaultInstance()).build(),
                        "invalid ManifestProjectCF.Paths[1]: embedded message failed validation | caused by: "
                                + "invalid PathCF.Glob: value length must be at least 1 bytes; "
                                + "invalid ManifestProjectCF.DryRunStrategy: value must be in list [ none client server]; "
                                + "invalid ManifestProjectCF.Id: value length must be at least 1 bytes"),
                Arguments.of(PROJECT.clone().setPrunePropagationPolicy("x").setInventoryPolicy("y").build(),
                        "invalid ManifestProjectCF.PrunePropagationPolicy: value must be in list [ orphan background foreground]; "
                                + "invalid ManifestProjectCF.InventoryPolicy: value must be in list "
                                + "[ must_match adopt_if_no_inventory adopt_all]"),
                Arguments.of(file(PROJECT.clone().setRef(GitRefCF.getDefaultInstance()).build()),
                        "invalid ConfigurationFile.Gitops: embedded message failed validation | caused by: "
                                + "invalid GitopsCF.ManifestProjects[0]: embedded message failed validation | caused by: "
                                + "invalid ManifestProjectCF.Ref: embedded message failed validation | caused by: "
                                + "invalid GitRefCF.Ref: value is required"),
                Arguments.of(
                        ConfigurationFile.newBuilder()
                                .setCiAccess(CiAccessCF.newBuilder().addProjects(CiAccessProjectCF.newBuilder().setId("a").setAccessAs(
                                        CiAccessAsCF.newBuilder().setImpersonate(CiAccessAsImpersonateCF.getDefaultInstance()))))
                                .setContainerScanning(ContainerScanningCF.getDefaultInstance()).build(),
                        "invalid ConfigurationFile.CiAccess: embedded message failed validation | caused by: "
                                + "invalid CiAccessCF.Projects[0]: embedded message failed validation | caused by: "
                                + "invalid CiAccessProjectCF.AccessAs: embedded message failed validation | caused by: "
                                + "invalid CiAccessAsCF.Impersonate: embedded message failed validation | caused by: "
                                + "invalid CiAccessAsImpersonateCF.Username: value length must be at least 1 bytes; "
                                + "invalid ConfigurationFile.ContainerScanning: embedded message failed validation | caused by: "
                                + "invalid ContainerScanningCF.Cadence: value length must be at least 1 bytes"),
                Arguments.of(
                        GetAgentInfoResponse.newBuilder().setProjectId(1).setAgentId(-1).setAgentName("a").setDefaultBranch("main")
                                .setGitalyInfo(GitalyInfo.getDefaultInstance()).build(),
                        "invalid GetAgentInfoResponse.AgentId: value must be greater than 0; "
                                + "invalid GetAgentInfoResponse.GitalyInfo: embedded message failed validation | caused by: "
                                + "invalid GitalyInfo.Address: value length must be at least 1 bytes; "
                                + "invalid GetAgentInfoResponse.GitalyRepository: value is required"));
    }

    @ParameterizedTest
    @MethodSource
    void violations(Message message, String text) {
        assertThat(MessageRules.violations(message)).contains(text);
    }

    @ParameterizedTest
    @CsvSource({"0,0,value must be greater than 0s", "-1,0,value must be greater than 0s", "0,-1,value must be greater than 0s",
            "1,-1,value is not a valid duration", "1,1000000000,value is not a valid duration",
            "315576000001,0,value is not a valid duration", "-9223372036854775808,0,value is not a valid duration"})
    void durations(long seconds, int nanos, String reason) {
        Duration duration = Duration.newBuilder().setSeconds(seconds).setNanos(nanos).build();
        assertThat(MessageRules.violations(RemoteDevelopmentCF.newBuilder().setPartialSyncInterval(duration).build()))
                .contains("invalid RemoteDevelopmentCF.PartialSyncInterval: " + reason);
    }

    static Stream<Message> blameless() {
        return Stream.of(ConfigurationFile.getDefaultInstance(), file(PROJECT.clone().build()),
                RemoteDevelopmentCF.newBuilder().setFullSyncInterval(Duration.newBuilder().setNanos(1)).build(),
                CiAccessAsCF.newBuilder().setAgent(CiAccessAsCF.getDefaultInstance().getAgent()).build(),
                ExtraKeyValCF.newBuilder().setKey("ä").addVal("x").build(), GitRefCF.newBuilder().setCommit("c").build());
    }

    @ParameterizedTest
    @MethodSource
    @DisplayName("absent messages without \"required\" are not looked at")
    void blameless(Message message) {
        assertThat(MessageRules.violations(message)).isEmpty();
    }

    @Test
    @DisplayName("AG-56 (text), maps, nested types, names that clash with methods, limits of optional fields")
    void formsThatOtherServicesUse() throws DescriptorValidationException {
        Descriptor outer = sample();
        Descriptor inner = outer.findNestedTypeByName("Header");
        DynamicMessage bad = DynamicMessage.newBuilder(inner).setField(inner.findFieldByName("content_length"), -2L).build();
        Descriptor entry = outer.findNestedTypeByName("HeadersEntry");
        DynamicMessage.Builder message = DynamicMessage.newBuilder(outer);
        for (String key : new String[]{"b", "a"}) {
            message.addRepeatedField(outer.findFieldByName("headers"), DynamicMessage.newBuilder(entry)
                    .setField(entry.findFieldByName("key"), key).setField(entry.findFieldByName("value"), bad).build());
        }
        message.setField(outer.findFieldByName("descriptor"), DynamicMessage.getDefaultInstance(inner));
        String reason = "embedded message failed validation | caused by: "
                + "invalid Outer_Header.ContentLength: value must be greater than or equal to -1";
        assertThat(MessageRules.violations(message.build()))
                .contains("invalid Outer.Headers[a]: " + reason + "; invalid Outer.Headers[b]: " + reason);
        assertThat(MessageRules.violations(DynamicMessage.newBuilder(outer).build())).contains("invalid Outer.Msg: value is required");
        assertThat(MessageRules.violations(DynamicMessage.newBuilder(outer).setField(outer.findFieldByName("descriptor"), bad).build()))
                .contains("invalid Outer.Descriptor_: " + reason);
    }

    @ParameterizedTest
    @CsvSource({"project_id,ProjectId", "upgradeData,UpgradeData", "_x,XX", "a__b,A_B", "a_1b,A_1B", "log_level_enum,LogLevelEnum",
            "HTTPRequest,HTTPRequest", "a_,A_"})
    void camelCase(String name, String go) {
        assertThat(GoNames.camelCase(name)).isEqualTo(go);
    }

    @Test
    void fieldsMayNotClashWithGettersOfOthers() throws DescriptorValidationException {
        Descriptor type = build(DescriptorProto.newBuilder().setName("T").addField(text("name", 1)).addField(text("get_name", 2))
                .addField(text("string", 3)).build());
        GoNames names = new GoNames(type);
        assertThat(type.getFields().stream().map(names::of)).containsExactly("Name", "GetName_", "String_");
    }

    private static ConfigurationFile file(ManifestProjectCF project) {
        return ConfigurationFile.newBuilder().setGitops(GitopsCF.newBuilder().addManifestProjects(project)).build();
    }

    /** A type as the tunnel and HTTP services have them. */
    private static Descriptor sample() throws DescriptorValidationException {
        DescriptorProto header = DescriptorProto.newBuilder().setName("Header")
                .addField(FieldDescriptorProto.newBuilder().setName("content_length").setNumber(1).setType(Type.TYPE_INT64)
                        .setLabel(Label.LABEL_OPTIONAL).setProto3Optional(true).setOneofIndex(0).setOptions(FieldOptions.newBuilder()
                                .setExtension(Rules.rules, FieldRules.newBuilder().setAtLeast(-1).build())))
                .addOneofDecl(OneofDescriptorProto.newBuilder().setName("_content_length")).build();
        DescriptorProto entry = DescriptorProto.newBuilder().setName("HeadersEntry").addField(text("key", 1))
                .addField(text("value", 2).toBuilder().setType(Type.TYPE_MESSAGE).setTypeName(".t.Outer.Header"))
                .setOptions(com.google.protobuf.DescriptorProtos.MessageOptions.newBuilder().setMapEntry(true)).build();
        return build(DescriptorProto.newBuilder().setName("Outer").addNestedType(header).addNestedType(entry)
                .addField(FieldDescriptorProto.newBuilder().setName("headers").setNumber(1).setType(Type.TYPE_MESSAGE)
                        .setLabel(Label.LABEL_REPEATED).setTypeName(".t.Outer.HeadersEntry"))
                .addField(FieldDescriptorProto.newBuilder().setName("descriptor").setNumber(2).setType(Type.TYPE_MESSAGE)
                        .setLabel(Label.LABEL_OPTIONAL).setTypeName(".t.Outer.Header").setOneofIndex(0))
                .addOneofDecl(OneofDescriptorProto.newBuilder().setName("msg")
                        .setOptions(OneofOptions.newBuilder().setExtension(Rules.memberRequired, true)))
                .build());
    }

    private static FieldDescriptorProto text(String name, int number) {
        return FieldDescriptorProto.newBuilder().setName(name).setNumber(number).setType(Type.TYPE_STRING).setLabel(Label.LABEL_OPTIONAL)
                .build();
    }

    private static Descriptor build(DescriptorProto type) throws DescriptorValidationException {
        return FileDescriptor.buildFrom(FileDescriptorProto.newBuilder().setName("t.proto").setPackage("t").setSyntax("proto3")
                .addMessageType(type).build(), new FileDescriptor[0]).getMessageTypes().getFirst();
    }
}
