package org.openkas.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.AgentToken;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.GitLabException;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

class StandaloneAgentsTest {
    private static final String ONE = "agents: [{name: a, id: 7, token: secret-a, repository: repos/a.git}]";
    private static final String TWO = "agents: [{name: a, id: 7, token: secret-a, repository: repos/a.git}, "
            + "{name: b, token: secret-b, repository: 'https://git.example/g/b.git', ref: trunk}]";

    @TempDir
    Path directory;
    private Path file;
    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final List<AgentToken> removed = new ArrayList<>();
    private long modified = 1_000_000_000_000L;

    @BeforeEach
    void place() {
        file = directory.resolve("agents.yaml");
    }

    private void write(String text) throws IOException {
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.fromMillis(modified += 1000));
    }

    private StandaloneAgents open(String text) throws Exception {
        write(text);
        return StandaloneAgents.open(file, timers, log.log(), removed::add);
    }

    @Test
    void anAgentIsFoundByItsToken() throws Exception {
        try (StandaloneAgents agents = open(TWO)) {
            AgentInfo a = agents.agentInfo(AgentToken.ofAgentk("secret-a"));
            assertThat(a.agentId()).isEqualTo(7);
            assertThat(a.agentName()).isEqualTo("a");
            assertThat(a.defaultBranch()).isEqualTo("main");
            assertThat(a.projectPath()).isEqualTo("a");
            assertThat(a.gitaly().getAddress()).isEqualTo("jgit:" + directory.resolve("repos/a.git"));
            AgentInfo b = agents.agentInfo(AgentToken.ofAgentk("secret-b"));
            assertThat(b.agentId()).isPositive().isEqualTo(StandaloneAgent.idOf("b"));
            assertThat(b.defaultBranch()).isEqualTo("trunk");
            assertThat(b.gitaly().getAddress()).isEqualTo("jgit:https://git.example/g/b.git");
        }
    }

    @Test
    void anUnknownTokenIsNotAccepted() throws Exception {
        try (StandaloneAgents agents = open(ONE)) {
            assertThatThrownBy(() -> agents.agentInfo(AgentToken.ofAgentk("other")))
                    .isInstanceOfSatisfying(GitLabException.class, e -> assertThat(e.kind()).isEqualTo(GitLabException.Kind.UNAUTHORIZED));
        }
    }

    @Test
    void aTokenFileIsReadWithoutItsLineFeed() throws Exception {
        Files.writeString(directory.resolve("t"), "secret-t\n");
        try (StandaloneAgents agents = open("agents: [{name: t, token_file: t, repository: r}]")) {
            assertThat(agents.agentInfo(AgentToken.ofAgentk("secret-t")).agentName()).isEqualTo("t");
        }
    }

    @Test
    void aChangedFileTakesEffectWithinASecondAndRemovedAgentsAreTold() throws Exception {
        try (StandaloneAgents agents = open(TWO)) {
            write(ONE);
            timers.advance(Duration.ofSeconds(1));
            assertThat(removed).containsExactly(AgentToken.ofAgentk("secret-b"));
            assertThat(agents.agents()).extracting(AgentInfo::agentName).containsExactly("a");
            write(TWO.replace("ref: trunk", "ref: other"));
            timers.advance(Duration.ofSeconds(1));
            assertThat(agents.agents()).hasSize(2);
            assertThat(removed).hasSize(1);
        }
    }

    @Test
    void aWrongFileKeepsTheOldAgentsAndSaysWhatIsWrong() throws Exception {
        try (StandaloneAgents agents = open(ONE)) {
            write("agents: [{name: A}]");
            timers.advance(Duration.ofSeconds(1));
            assertThat(agents.agents()).hasSize(1);
            assertThat(removed).isEmpty();
            assertThat(log.lines("Agents file is wrong")).singleElement()
                    .satisfies(line -> assertThat(line.fields().get("error").toString()).contains("agents[0].name").contains("\"A\""));
            Files.delete(file);
            timers.advance(Duration.ofSeconds(3));
            assertThat(log.lines("Agents file is wrong")).hasSize(2);
            assertThat(agents.agents()).hasSize(1);
        }
    }

    @Test
    void aUserIsFoundByTheirTokenUntilTheFileSaysOtherwise() throws Exception {
        try (StandaloneAgents agents = open(TWO + """

                users: [{name: ada, token: ada-token, agents: [a], access_as: {impersonate: {username: ada, groups: [g, h], uid: u1,
                  extra: [{key: team, val: [blue, red]}]}}}, {name: root, token: root-token, agents: '*', access_as: {agent: {}}}]
                """)) {
            StandaloneUser ada = agents.user("ada-token").orElseThrow();
            assertThat(ada.name()).isEqualTo("ada");
            assertThat(ada.agents()).containsExactly(7L);
            assertThat(ada.impersonate().orElseThrow().getGroupsList()).containsExactly("g", "h");
            assertThat(ada.impersonate().orElseThrow().getExtra(0).getValList()).containsExactly("blue", "red");
            assertThat(ada.toString()).doesNotContain("ada-token");
            StandaloneUser root = agents.user("root-token").orElseThrow();
            assertThat(root.agents()).containsExactlyInAnyOrder(7L, StandaloneAgent.idOf("b"));
            assertThat(root.impersonate()).isEmpty();
            assertThat(agents.user("other")).isEmpty();
            write(TWO);
            timers.advance(Duration.ofSeconds(1));
            assertThat(agents.user("ada-token")).isEmpty();
        }
    }

    @Test
    void closingEndsTheLooking() throws Exception {
        open(ONE).close();
        timers.advance(Duration.ofSeconds(2));
        assertThat(timers.pending()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                                                            | expected one key "agents"
            agents: {}                                                    | expected one key "agents"
            agents: [1]                                                   | agents[0]: expected a map
            agents: [{name: a, token: t}]                                 | agents[0].repository: is missing or empty
            agents: [{name: a, repository: r}]                            | needs exactly one of token and token_file
            agents: [{name: a, token: t, token_file: f, repository: r}]   | needs exactly one of token and token_file
            agents: [{name: a, token: t, repository: r, branch: x}]       | agents[0].branch: unknown key
            agents: [{name: 1, token: t, repository: r}]                  | agents[0].name: expected text
            agents: [{name: a, token: 'x y', repository: r}]              | agents[0].token: a token is one line
            agents: [{name: a, token_file: nofile, repository: r}]        | no such file
            agents: [{name: a, id: 0, token: t, repository: r}]           | agents[0].id: expected a whole number
            agents: [{name: a, ref: refs/heads/x, token: t, repository: r}] | agents[0].ref:
            agents: [{name: a, token: t, repository: r}, {name: a, token: u, repository: r}] | two agents have the name
            agents: [{name: a, token: t, repository: r}, {name: b, token: t, repository: r}] | has the token of another agent
            {agents: [], users: 1}                                        | users: expected a list
            {agents: [], users: [x]}                                      | users[0]: expected a map
            {agents: [], users: [{name: u, agents: '*'}]}                 | users[0]: needs exactly one of token and token_file
            {agents: [], users: [{name: u, token: 'x y', agents: '*'}]}   | users[0].token: a token is one line
            {agents: [], users: [{name: u, token: t}]}                    | users[0].agents: is missing or empty
            {agents: [], users: [{name: u, token: t, agents: [z]}]}       | users[0].agents: there is no agent "z"
            {agents: [], users: [{name: u, token: t, agents: '*', role: x}]} | users[0].role: unknown key
            {agents: [], users: [{name: u, token: t, agents: '*', access_as: {}}]} | users[0].access_as: needs exactly one of agent and impersonate
            {agents: [], users: [{name: u, token: t, agents: '*', access_as: {impersonate: {uid: x}}}]} | users[0].access_as.impersonate.username: is missing
            {agents: [], users: [{name: u, token: t, agents: '*'}, {name: v, token: t, agents: '*'}]} | has the token of another user
            agents: [}                                                    | yaml: did not find expected node content
            """)
    void whatIsWrongIsNamed(String text, String expected) {
        assertThatThrownBy(() -> open(text)).isInstanceOf(AgentsFileException.class).hasMessageContaining(file.toString())
                .hasMessageContaining(expected).satisfies(e -> assertThat(e.getMessage()).doesNotContain("x y"));
    }
}
