package org.openkas.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.repository.RepositoryException.Code;
import org.openkas.testkit.TestRepository;

/** What every {@link RepositoryReader} does. */
public abstract class RepositoryReaderContract {
    private static final String CONFIG = ".gitlab/agents/a/config.yaml";
    private static final String ABSENT_COMMIT = "1234567890123456789012345678901234567890";

    @TempDir
    protected Path temporary;

    /** A new, empty repository that {@link #reader} can read. */
    protected abstract TestRepository project();

    /** How the reader is told of the repository that {@link #project} made last. */
    protected abstract Repository repository();

    /** How the reader is told of a repository that does not exist. */
    protected abstract Repository absent();

    protected abstract RepositoryReader reader();

    @Test
    void resolvesBranchesTagsAndHead() throws Exception {
        TestRepository project = project();
        String main = project.commit("main", Map.of("f", "1"));
        String other = project.commit("other", Map.of("f", "2"));
        project.tag("light", other);

        assertThat(resolve("HEAD")).isEqualTo(main);
        assertThat(resolve("refs/heads/main")).isEqualTo(main);
        assertThat(resolve("refs/heads/other")).isEqualTo(other);
        assertThat(resolve("refs/tags/light")).isEqualTo(other);
    }

    @Test
    void anAnnotatedTagResolvesToTheTagObjectWhichIsARevision() throws Exception {
        TestRepository project = project();
        String tag = project.annotatedTag("v1", project.commit("main", Map.of("f", "content")));

        assertThat(resolve("refs/tags/v1")).isEqualTo(tag);
        assertThat(content(tag, "f", 0)).isEqualTo("content");
        assertThat(walk(tag, ".", true)).containsExactly("f");
    }

    @Test
    void shortNamesAndOtherCaseMatchNothing() {
        project().commit("main", Map.of("f", "1"));

        for (String ref : List.of("main", "heads/main", "refs/heads/Main", "refs/heads", "refs/heads/main/x")) {
            assertThatThrownBy(() -> resolve(ref)).isInstanceOf(RepositoryException.class)
                    .hasMessage("NotFound: InfoRefsUploadPack: file/directory/ref not found: " + ref);
        }
    }

    @Test
    @DisplayName("GB-46, AG-34 a missing HEAD falls back to main, then master, then is not found")
    void headFallsBack() throws Exception {
        TestRepository project = project();
        project.head("gone");
        String other = project.commit("other", Map.of("f", "0"));

        assertThatThrownBy(() -> resolve("HEAD")).hasMessage("NotFound: InfoRefsUploadPack: file/directory/ref not found: default branch");
        String master = project.commit("master", Map.of("f", "1"));
        assertThat(resolve("HEAD")).isEqualTo(master);
        String main = project.commit("main", Map.of("f", "2"));
        assertThat(resolve("HEAD")).isEqualTo(main);
        project.head("other");
        assertThat(resolve("HEAD")).isEqualTo(other);
    }

    @Test
    @DisplayName("GB-47, AG-33 a repository without refs is empty whatever is asked for, until the first push")
    void emptyUntilTheFirstPush() throws Exception {
        TestRepository project = project();

        for (String ref : List.of("HEAD", "refs/heads/main", "refs/tags/v1")) {
            assertThat(reader().resolve(repository(), ref)).isEqualTo(new Resolution.Empty());
        }
        String first = project.commit("main", Map.of("f", "1"));
        assertThat(resolve("refs/heads/main")).isEqualTo(first);
    }

    @Test
    void seesEveryPushAtOnce() throws Exception {
        TestRepository project = project();
        String last = project.commit("main", Map.of("f", "0"));
        String first = last;
        for (int i = 1; i < 20; i++) {
            last = project.commit("main", Map.of("f", "content " + i));
            assertThat(resolve("refs/heads/main")).isEqualTo(last);
            assertThat(content(last, "f", 0)).isEqualTo("content " + i);
        }
        project.branch("main", first);
        assertThat(resolve("refs/heads/main")).isEqualTo(first);
        project.remove("refs/heads/main");
        project.commit("other", Map.of("f", "x"));
        assertThatThrownBy(() -> resolve("refs/heads/main")).isInstanceOf(RepositoryException.class)
                .extracting(e -> ((RepositoryException) e).code()).isEqualTo(Code.NOT_FOUND);
    }

    @Test
    void readsFilesOfOldAndNewCommits() throws Exception {
        TestRepository project = project();
        String first = project.commit("main", Map.of(CONFIG, "old", "unchanged", "same"));
        String second = project.commit("main", Map.of(CONFIG, "new"));

        assertThat(content(second, CONFIG, 0)).isEqualTo("new");
        assertThat(content(second, "unchanged", 0)).isEqualTo("same");
        assertThat(content(first, CONFIG, 0)).isEqualTo("old");
    }

    @Test
    @DisplayName("GB-52 an empty file is one empty chunk, a large one arrives whole")
    void chunks() throws Exception {
        TestRepository project = project();
        byte[] large = "0123456789abcdef".repeat(40_000).getBytes(StandardCharsets.US_ASCII);
        String commit = project.commit("main", new TestRepository.Change().file("empty", "").file("large", large));

        assertThat(chunks(commit, "empty", 0)).containsExactly(ByteString.EMPTY);
        assertThat(ByteString.copyFrom(chunks(commit, "large", large.length)).toByteArray()).isEqualTo(large);
    }

    @Test
    @DisplayName("GB-50 missing, too large, and not a file, at the reader")
    void whatCannotBeRead() {
        TestRepository project = project();
        String commit = project.commit("main",
                new TestRepository.Change().file("dir/file", "four").submodule("module", ABSENT_COMMIT).symlink("link", "dir/file"));

        for (String path : List.of("absent", "dir/absent", "/dir/file", "./dir/file", "../dir/file", "dir/file/", "link/file")) {
            assertFailure(() -> content(commit, path, 0), Code.NOT_FOUND,
                    "NotFound: TreeEntry.Recv: file/directory/ref not found: " + path);
        }
        assertFailure(() -> content(ABSENT_COMMIT, "dir/file", 0), Code.NOT_FOUND,
                "NotFound: TreeEntry.Recv: file/directory/ref not found: dir/file");
        assertFailure(() -> content(commit, "dir/file", 3), Code.FILE_TOO_BIG, "FileTooBig: TreeEntry: file is too big: dir/file: "
                + "rpc error: code = FailedPrecondition desc = object size (4) is bigger than the maximum allowed size (3)");
        for (String path : List.of("dir", "module")) {
            assertFailure(() -> content(commit, path, 0), Code.UNEXPECTED_TREE_ENTRY_TYPE,
                    "UnexpectedTreeEntryType: TreeEntry.Recv: file is not a usual file: " + path);
        }
    }

    @Test
    void aSymbolicLinkIsAFileThatNamesItsTarget() throws Exception {
        TestRepository project = project();
        String commit = project.commit("main", new TestRepository.Change().file("dir/file", "four").symlink("link", "dir/file"));

        assertThat(content(commit, "link", 0)).isEqualTo("dir/file");
        assertThat(content(commit, "dir/file", 4)).isEqualTo("four");
        assertThat(walk(commit, ".", true)).containsExactly("dir/file", "link");
    }

    @Test
    void aTakerThatFailsEndsTheRead() {
        TestRepository project = project();
        String commit = project.commit("main", Map.of("f", "1"));
        RepositoryException failure = new RepositoryException(Code.UNKNOWN, "enough", null);

        assertThatThrownBy(() -> reader().read(repository(), commit, "f", 0, chunk -> {
            throw failure;
        })).isSameAs(failure);
        assertThatThrownBy(() -> reader().walk(repository(), commit, ".", true, blob -> {
            throw failure;
        })).isSameAs(failure);
    }

    @Test
    void walksInTheRepositorysOrderAndMeetsFilesOnly() throws Exception {
        TestRepository project = project();
        String commit = project.commit("main",
                new TestRepository.Change().file("a.txt", "").file("a/x", "").file("a/b/y", "").file("a0", "")
                        .file("z/\u00e4 \u4f60", "").submodule("m", ABSENT_COMMIT));

        assertThat(walk(commit, ".", true)).containsExactly("a.txt", "a/b/y", "a/x", "a0", "z/\u00e4 \u4f60");
        assertThat(walk(commit, ".", false)).containsExactly("a.txt", "a0");
        assertThat(walk(commit, "a", true)).containsExactly("a/b/y", "a/x");
        assertThat(walk(commit, "a", false)).containsExactly("a/x");
        assertThat(walk(commit, "a/b", false)).containsExactly("a/b/y");
        for (String revision : List.of("HEAD", "refs/heads/main")) {
            assertThat(walk(revision, "a", true)).containsExactly("a/b/y", "a/x");
        }
    }

    @Test
    void aWalkCanReadWhatItMeetsAndStop() throws Exception {
        TestRepository project = project();
        String commit = project.commit("main", Map.of("a", "1", "b", "2", "c", "3", "d", "4", "e", "5"));
        List<String> seen = new ArrayList<>();

        reader().walk(repository(), commit, ".", true, blob -> {
            assertThat(blob.revision()).isEqualTo(commit);
            reader().read(repository(), blob.revision(), blob.path(), 0, chunk -> seen.add(chunk.toStringUtf8()));
            return seen.size() < 4;
        });
        assertThat(seen).containsExactly("1", "2", "3", "4");
    }

    @Test
    void aMissingPlaceIsNotFoundByAWalk() {
        TestRepository project = project();
        String commit = project.commit("main", Map.of("dir/file", "1"));

        for (boolean recursive : new boolean[]{true, false}) {
            for (String revision : List.of(ABSENT_COMMIT, "refs/heads/absent")) {
                assertFailure(() -> walk(revision, "dir", recursive), Code.NOT_FOUND,
                        "NotFound: GetTreeEntries.Recv: file/directory/ref not found: dir");
            }
            for (String directory : List.of("absent", "dir/absent", "dir/file")) {
                assertFailure(() -> walk(commit, directory, recursive), Code.NOT_FOUND,
                        "NotFound: GetTreeEntries.Recv: file/directory/ref not found: " + directory);
            }
        }
    }

    @Test
    @DisplayName("RA-26 at the reader: a walk of HEAD in an empty repository finds no such place")
    void walksAnEmptyRepository() {
        project();

        assertFailure(() -> walk("HEAD", ".gitlab/agents", true), Code.NOT_FOUND,
                "NotFound: GetTreeEntries.Recv: file/directory/ref not found: .gitlab/agents");
    }

    @Test
    void aMissingRepositoryIsAFailedCall() {
        assertThatThrownBy(() -> reader().resolve(absent(), "HEAD")).isInstanceOf(RepositoryException.class)
                .hasMessageStartingWith(
                        "RpcError: InfoRefsUploadPack.Recv: RPC failed: rpc error: code = NotFound desc = repository not found")
                .extracting(e -> ((RepositoryException) e).code()).isEqualTo(Code.RPC_ERROR);
        assertThatThrownBy(() -> reader().walk(absent(), "HEAD", ".", true, blob -> true)).hasMessageStartingWith(
                "RpcError: GetTreeEntries.Recv: RPC failed: .: rpc error: code = NotFound desc = repository not found");
    }

    @Test
    void anInterruptedCallerGetsNothing() throws Exception {
        TestRepository project = project();
        String commit = project.commit("main", Map.of("f", "1"));
        List<ThrowingCallable> calls = List.of(() -> resolve("HEAD"), () -> content(commit, "f", 0), () -> walk(commit, ".", true));

        for (ThrowingCallable call : calls) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(call).isInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isFalse();
        }
    }

    private static void assertFailure(ThrowingCallable call, Code code, String text) {
        assertThatThrownBy(call).isInstanceOf(RepositoryException.class).hasMessage(text).extracting(e -> ((RepositoryException) e).code())
                .isEqualTo(code);
    }

    protected final String resolve(String ref) throws RepositoryException, InterruptedException {
        return ((Resolution.Commit) reader().resolve(repository(), ref)).id();
    }

    protected final List<ByteString> chunks(String revision, String path, long maximumSize)
            throws RepositoryException, InterruptedException {
        List<ByteString> chunks = new ArrayList<>();
        reader().read(repository(), revision, path, maximumSize, chunks::add);
        return chunks;
    }

    protected final String content(String revision, String path, long maximumSize) throws RepositoryException, InterruptedException {
        return ByteString.copyFrom(chunks(revision, path, maximumSize)).toStringUtf8();
    }

    protected final List<String> walk(String revision, String directory, boolean recursive)
            throws RepositoryException, InterruptedException {
        List<String> paths = new ArrayList<>();
        reader().walk(repository(), revision, directory, recursive, blob -> paths.add(blob.path()));
        return paths;
    }
}
