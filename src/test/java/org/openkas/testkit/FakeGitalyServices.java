package org.openkas.testkit;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.rpc.Code;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevTree;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.openkas.proto.gitaly.CommitServiceGrpc;
import org.openkas.proto.gitaly.GetTreeEntriesError;
import org.openkas.proto.gitaly.GetTreeEntriesRequest;
import org.openkas.proto.gitaly.GetTreeEntriesResponse;
import org.openkas.proto.gitaly.InfoRefsRequest;
import org.openkas.proto.gitaly.InfoRefsResponse;
import org.openkas.proto.gitaly.PathError;
import org.openkas.proto.gitaly.ResolveRevisionError;
import org.openkas.proto.gitaly.SmartHTTPServiceGrpc;
import org.openkas.proto.gitaly.TreeEntry;
import org.openkas.proto.gitaly.TreeEntryRequest;
import org.openkas.proto.gitaly.TreeEntryResponse;

/** The natural answers of {@link FakeGitaly}: what a real one says about the repositories that it serves. */
final class FakeGitalyServices {
    private static final int ENTRIES_PER_MESSAGE = 3;

    private final FakeGitaly owner;

    FakeGitalyServices(FakeGitaly owner) {
        this.owner = owner;
    }

    CommitServiceGrpc.CommitServiceImplBase commits() {
        return new CommitServiceGrpc.CommitServiceImplBase() {
            @Override
            public void treeEntry(TreeEntryRequest request, StreamObserver<TreeEntryResponse> out) {
                answer("TreeEntry", request, out, () -> entry(request));
            }

            @Override
            public void getTreeEntries(GetTreeEntriesRequest request, StreamObserver<GetTreeEntriesResponse> out) {
                answer("GetTreeEntries", request, out, () -> entries(request));
            }
        };
    }

    SmartHTTPServiceGrpc.SmartHTTPServiceImplBase refs() {
        return new SmartHTTPServiceGrpc.SmartHTTPServiceImplBase() {
            @Override
            public void infoRefsUploadPack(InfoRefsRequest request, StreamObserver<InfoRefsResponse> out) {
                answer("InfoRefsUploadPack", request, out, () -> refs(request));
            }
        };
    }

    @FunctionalInterface
    private interface Messages {
        List<? extends Message> all() throws IOException;
    }

    @SuppressWarnings("unchecked")
    private <T extends Message> void answer(String method, Message request, StreamObserver<T> out, Messages messages) {
        ServerCallStreamObserver<Message> observer = (ServerCallStreamObserver<Message>) (StreamObserver<?>) out;
        Semaphore ready = new Semaphore(0);
        observer.setOnReadyHandler(ready::release);
        observer.setOnCancelHandler(ready::release);
        FakeGitaly.Answer natural = (ignored, to) -> {
            try {
                for (Message message : messages.all()) {
                    while (!observer.isReady() && !observer.isCancelled()) {
                        ready.acquireUninterruptibly();
                    }
                    to.onNext(message);
                }
                to.onCompleted();
            } catch (IOException | StatusRuntimeException e) {
                to.onError(e);
            }
        };
        Thread.startVirtualThread(() -> owner.answer(method, natural).to(request, observer));
    }

    private List<InfoRefsResponse> refs(InfoRefsRequest request) throws IOException {
        Repository git = owner.find(request.getRepository()).git();
        List<String> lines = new ArrayList<>();
        Ref head = git.exactRef("HEAD");
        if (head != null && head.getObjectId() != null) {
            lines.add(head.getObjectId().name() + " HEAD");
        }
        for (Ref ref : git.getRefDatabase().getRefsByPrefix("refs/")) {
            lines.add(ref.getObjectId().name() + " " + ref.getName());
            ObjectId peeled = git.getRefDatabase().peel(ref).getPeeledObjectId();
            if (peeled != null) {
                lines.add(peeled.name() + " " + ref.getName() + "^{}");
            }
        }
        if (lines.isEmpty() && !owner.advertisesOldEmpty()) {
            lines.add(ObjectId.zeroId().name() + " capabilities^{}");
        }
        ByteString all = FakeGitaly.advertisement(lines.toArray(String[]::new));
        return cut(all).stream().map(data -> InfoRefsResponse.newBuilder().setData(data).build()).toList();
    }

    private List<ByteString> cut(ByteString all) {
        List<ByteString> pieces = new ArrayList<>();
        for (int from = 0; from < all.size(); from += owner.chunkSize()) {
            pieces.add(all.substring(from, Math.min(all.size(), from + owner.chunkSize())));
        }
        return pieces;
    }

    private List<TreeEntryResponse> entry(TreeEntryRequest request) throws IOException {
        String path = request.getPath().toStringUtf8();
        String revision = request.getRevision().toStringUtf8();
        require(!revision.isEmpty(), "empty revision");
        require(!revision.startsWith("-"), "revision can't start with '-'");
        require(!path.isEmpty(), "empty Path");
        Repository git = owner.find(request.getRepository()).git();
        StatusRuntimeException missing = Status.NOT_FOUND.withDescription("tree entry not found").asRuntimeException();
        RevTree tree = tree(git, revision);
        if (tree == null || path.startsWith("/") || path.startsWith("./") || path.startsWith("../") || path.endsWith("/")) {
            throw missing;
        }
        try (TreeWalk found = TreeWalk.forPath(git, path, tree); ObjectReader objects = git.newObjectReader()) {
            if (found == null) {
                throw missing;
            }
            TreeEntryResponse.Builder first = TreeEntryResponse.newBuilder().setOid(found.getObjectId(0).name())
                    .setMode(found.getFileMode(0).getBits());
            switch (found.getFileMode(0).getObjectType()) {
                case org.eclipse.jgit.lib.Constants.OBJ_TREE -> {
                    return List.of(first.setType(TreeEntryResponse.ObjectType.TREE).build());
                }
                case org.eclipse.jgit.lib.Constants.OBJ_COMMIT -> {
                    return List.of(first.setType(TreeEntryResponse.ObjectType.COMMIT).build());
                }
                default -> {
                    byte[] content = objects.open(found.getObjectId(0)).getBytes();
                    if (request.getMaxSize() > 0 && content.length > request.getMaxSize()) {
                        throw Status.FAILED_PRECONDITION.withDescription("object size (" + content.length
                                + ") is bigger than the maximum allowed size (" + request.getMaxSize() + ")").asRuntimeException();
                    }
                    first.setType(TreeEntryResponse.ObjectType.BLOB).setSize(content.length);
                    List<ByteString> pieces = cut(ByteString.copyFrom(content));
                    List<TreeEntryResponse> messages = new ArrayList<>();
                    messages.add(pieces.isEmpty() ? first.build() : first.setData(pieces.getFirst()).build());
                    pieces.stream().skip(1).forEach(data -> messages.add(TreeEntryResponse.newBuilder().setData(data).build()));
                    return messages;
                }
            }
        }
    }

    private List<GetTreeEntriesResponse> entries(GetTreeEntriesRequest request) throws IOException {
        String path = request.getPath().toStringUtf8();
        String revision = request.getRevision().toStringUtf8();
        require(!revision.isEmpty(), "empty revision");
        require(!revision.startsWith("-"), "revision can't start with '-'");
        if (path.isEmpty()) {
            throw failure(Code.INVALID_ARGUMENT, "empty path", GetTreeEntriesError.newBuilder()
                    .setPath(PathError.newBuilder().setErrorType(PathError.ErrorType.ERROR_TYPE_EMPTY_PATH)).build());
        }
        Repository git = owner.find(request.getRepository()).git();
        RevTree root = tree(git, revision);
        ObjectId start = root;
        if (root != null && !path.equals(".")) {
            try (TreeWalk found = TreeWalk.forPath(git, path, root)) {
                start = found != null && found.getFileMode(0) == FileMode.TREE ? found.getObjectId(0) : null;
            }
        }
        if (start == null) {
            return missing(request);
        }
        List<TreeEntry> all = new ArrayList<>();
        String prefix = path.equals(".") ? "" : path + "/";
        try (TreeWalk walk = new TreeWalk(git)) {
            walk.addTree(start);
            while (walk.next()) {
                ByteString full = ByteString.copyFromUtf8(prefix + walk.getPathString());
                all.add(TreeEntry.newBuilder().setOid(walk.getObjectId(0).name()).setPath(full).setFlatPath(full)
                        .setMode(walk.getFileMode(0).getBits()).setCommitOid(revision).setType(type(walk.getFileMode(0))).build());
                if (request.getRecursive() && walk.isSubtree()) {
                    walk.enterSubtree();
                }
            }
        }
        List<GetTreeEntriesResponse> messages = new ArrayList<>();
        for (int from = 0; from < all.size(); from += ENTRIES_PER_MESSAGE) {
            messages.add(GetTreeEntriesResponse.newBuilder()
                    .addAllEntries(all.subList(from, Math.min(all.size(), from + ENTRIES_PER_MESSAGE))).build());
        }
        return messages;
    }

    private List<GetTreeEntriesResponse> missing(GetTreeEntriesRequest request) {
        if (owner.version() == FakeGitaly.Version.BEFORE_16_3) {
            return List.of();
        }
        boolean notFound = owner.version() == FakeGitaly.Version.SINCE_16_8 && request.getRecursive();
        throw failure(notFound ? Code.NOT_FOUND : Code.INVALID_ARGUMENT, "invalid revision or path", GetTreeEntriesError.newBuilder()
                .setResolveTree(ResolveRevisionError.newBuilder().setRevision(request.getRevision())).build());
    }

    private static TreeEntry.EntryType type(FileMode mode) {
        if (mode == FileMode.TREE) {
            return TreeEntry.EntryType.TREE;
        }
        return mode == FileMode.GITLINK ? TreeEntry.EntryType.COMMIT : TreeEntry.EntryType.BLOB;
    }

    private static RevTree tree(Repository git, String revision) throws IOException {
        ObjectId id = git.resolve(revision);
        if (id == null) {
            return null;
        }
        try (RevWalk walk = new RevWalk(git)) {
            return walk.parseTree(id);
        } catch (org.eclipse.jgit.errors.MissingObjectException e) {
            return null;
        }
    }

    private static void require(boolean holds, String text) {
        if (!holds) {
            throw Status.INVALID_ARGUMENT.withDescription(text).asRuntimeException();
        }
    }

    private static StatusRuntimeException failure(Code code, String text, Message detail) {
        return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder().setCode(code.getNumber()).setMessage(text)
                .addDetails(Any.pack(detail)).build());
    }
}
