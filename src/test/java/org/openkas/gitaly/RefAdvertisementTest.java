package org.openkas.gitaly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.Resolution;
import org.openkas.testkit.FakeGitaly;

class RefAdvertisementTest {
    private static final String HEAD = "1111111111111111111111111111111111111111";
    private static final String MASTER = "2222222222222222222222222222222222222222";
    private static final String MAIN = "3333333333333333333333333333333333333333";
    private static final String TEST = "4444444444444444444444444444444444444444";
    private static final ByteString SERVICE = FakeGitaly.packet("# service=git-upload-pack\n").concat(FakeGitaly.flush());
    private static final ByteString USUAL = FakeGitaly.advertisement(HEAD + " HEAD", MASTER + " refs/heads/master",
            MAIN + " refs/heads/main",
            TEST + " refs/heads/test-branch");

    @Test
    @DisplayName("GB-45 refs are found by exact name however the advertisement is cut")
    void findsRefs() throws Exception {
        for (int cut = 1; cut <= USUAL.size(); cut += cut < 5 ? 1 : 37) {
            assertThat(search(USUAL, "HEAD", cut)).isEqualTo(new Resolution.Commit(HEAD));
            assertThat(search(USUAL, "refs/heads/test-branch", cut)).isEqualTo(new Resolution.Commit(TEST));
            int size = cut;
            assertThatThrownBy(() -> search(USUAL, "some_branch", size))
                    .hasMessage("NotFound: InfoRefsUploadPack: file/directory/ref not found: some_branch");
        }
    }

    @Test
    void randomCutsGiveTheSameReferences() throws Exception {
        Random random = new Random(7);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            lines.add(HEAD + " refs/heads/" + "x".repeat(random.nextInt(300)) + i);
        }
        ByteString all = FakeGitaly.advertisement(lines.toArray(String[]::new));
        for (int round = 0; round < 20; round++) {
            List<String> seen = new ArrayList<>();
            RefAdvertisement advertisement = new RefAdvertisement((id, name) -> {
                seen.add(id.toStringUtf8() + " " + name.toStringUtf8());
                return false;
            });
            for (int from = 0; from < all.size();) {
                int to = Math.min(all.size(), from + random.nextInt(5_000));
                assertThat(advertisement.take(all.substring(from, to))).isFalse();
                from = to;
            }
            advertisement.end();
            assertThat(seen).isEqualTo(lines);
        }
    }

    @Test
    @DisplayName("GB-46 without HEAD main stands in, then master")
    void headFallsBack() throws Exception {
        assertThat(search(FakeGitaly.advertisement(MASTER + " refs/heads/master", MAIN + " refs/heads/main"), "HEAD", 9))
                .isEqualTo(new Resolution.Commit(MAIN));
        assertThat(search(FakeGitaly.advertisement(MASTER + " refs/heads/master", TEST + " refs/heads/x"), "HEAD", 9))
                .isEqualTo(new Resolution.Commit(MASTER));
        assertThatThrownBy(() -> search(FakeGitaly.advertisement(TEST + " refs/heads/x"), "HEAD", 9))
                .hasMessage("NotFound: InfoRefsUploadPack: file/directory/ref not found: default branch");
    }

    @Test
    @DisplayName("GB-47 no reference lines, or only a line of capabilities with a zero id: an empty repository")
    void emptyRepositories() throws Exception {
        String zero = "0000000000000000000000000000000000000000";
        for (String wanted : List.of("HEAD", "refs/heads/main", "refs/tags/v1")) {
            assertThat(search(FakeGitaly.advertisement(), wanted, 1000)).isEqualTo(new Resolution.Empty());
            assertThat(search(SERVICE.concat(FakeGitaly.packet("")).concat(ByteString.EMPTY), wanted, 1)).isEqualTo(new Resolution.Empty());
            assertThat(search(FakeGitaly.advertisement(zero + " capabilities^{}"), wanted, 1)).isEqualTo(new Resolution.Empty());
        }
        assertThatThrownBy(() -> search(FakeGitaly.advertisement(TEST + " capabilities^{}"), "refs/heads/main", 1))
                .hasMessageStartingWith("NotFound");
    }

    @Test
    @DisplayName("GB-48 an annotated tag gives the tag object's id; long ids stay as they are")
    void tagsAndLongIds() throws Exception {
        String id = "ab".repeat(32);
        ByteString all = FakeGitaly.advertisement(HEAD + " HEAD", id + " refs/tags/v1", MAIN + " refs/tags/v1^{}");
        assertThat(search(all, "refs/tags/v1", 11)).isEqualTo(new Resolution.Commit(id));
    }

    @Test
    @DisplayName("GB-49 what breaks the protocol before the wanted ref is seen is told")
    void brokenAdvertisements() {
        ByteString flush = FakeGitaly.flush();
        ByteString first = FakeGitaly.packet(HEAD + " HEAD\0caps\n");
        assertBroken(FakeGitaly.packet("# service=other\n"), "unexpected header \"# service=other\"");
        assertBroken(flush, "unexpected header \"\"");
        assertBroken(FakeGitaly.packet("# service=git-upload-pack\n").concat(first), "missing flush after service announcement");
        assertBroken(SERVICE.concat(FakeGitaly.packet(HEAD + " HEAD\n")), "invalid first reference line");
        assertBroken(SERVICE.concat(FakeGitaly.packet(HEAD + "\0caps")), "invalid reference line");
        assertBroken(SERVICE.concat(first).concat(FakeGitaly.packet(MAIN + "\n")), "invalid reference line");
        assertBroken(SERVICE.concat(first), "discovery ended prematurely");
        assertBroken(ByteString.EMPTY, "discovery ended prematurely");
        assertBroken(SERVICE.concat(first).concat(flush).concat(flush), "received packet after flush");
        assertBroken(SERVICE.concat(first).concat(ByteString.copyFromUtf8("00")), "incomplete packet");
        assertBroken(SERVICE.concat(first).concat(ByteString.copyFromUtf8("0010abc")), "incomplete packet");
        assertBroken(ByteString.copyFromUtf8("+01exyz"), "invalid packet length \"+01e\"");
        assertBroken(ByteString.copyFromUtf8("fff1"), "packet of 65521 bytes is too long");
    }

    @Test
    void theLongestPacketIsAccepted() throws Exception {
        String longest = HEAD + " refs/heads/" + "x".repeat(65_516 - HEAD.length() - 12);
        ByteString all = SERVICE.concat(FakeGitaly.packet(HEAD + " HEAD\0c")).concat(FakeGitaly.packet(longest))
                .concat(FakeGitaly.packet(TEST
                        + " refs/heads/last"));
        assertThat(search(all, "refs/heads/last", 1_000)).isEqualTo(new Resolution.Commit(TEST));
    }

    @Test
    void nothingAfterTheWantedRefIsLookedAt() throws Exception {
        ByteString all = SERVICE.concat(FakeGitaly.packet(HEAD + " HEAD\0caps")).concat(ByteString.copyFromUtf8("nonsense"));
        assertThat(search(all, "HEAD", all.size())).isEqualTo(new Resolution.Commit(HEAD));
    }

    private static void assertBroken(ByteString all, String reason) {
        for (int cut : new int[]{1, all.size() + 1}) {
            assertThatThrownBy(() -> search(all, "refs/heads/wanted", cut)).isInstanceOf(RepositoryException.class)
                    .hasMessage("ProtocolError: failed to parse reference discovery: " + reason);
        }
    }

    private static Resolution search(ByteString all, String wanted, int cut) throws RepositoryException {
        RefSearch search = new RefSearch(wanted);
        RefAdvertisement advertisement = new RefAdvertisement(search);
        for (int from = 0; from < all.size(); from += cut) {
            if (advertisement.take(all.substring(from, Math.min(all.size(), from + cut)))) {
                return search.resolution();
            }
        }
        advertisement.end();
        return search.resolution();
    }
}
