package org.openkas.bench;

import io.grpc.ManagedChannel;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.openkas.proto.gitops.ObjectsToSynchronizeRequest;
import org.openkas.proto.gitops.PathCF;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.ManifestStream;
import org.openkas.testkit.Surroundings;
import org.openkas.testkit.TestRepository;

/** All agents synchronise the same commit at once, several times; each commit changes one file. */
final class Manifests {
    private static final String PROJECT = "group/manifests";
    private static final int ROUNDS = 4;
    private static final int FILE_BYTES = 2_000;

    private Manifests() {
    }

    static void run(Site site, String transport, int agents, int files) throws Exception {
        TestRepository repository = site.gitaly.repository(PROJECT, Files.createTempDirectory("openkas-manifests"));
        site.gitLab.project(9, PROJECT, site.gitaly.info("t"));
        TestRepository.Change change = new TestRepository.Change();
        for (int i = 0; i < files; i++) {
            change.file("manifests/" + i + ".yaml", "# %d%n".formatted(i) + "x".repeat(FILE_BYTES));
        }
        repository.commit("main", change);
        List<ManagedChannel> channels = new ArrayList<>();
        for (int i = 0; i < agents; i++) {
            channels.add(ConfiguredAgent.channel(transport, site.port(transport)));
        }
        ObjectsToSynchronizeRequest request = ObjectsToSynchronizeRequest.newBuilder().setProjectId(PROJECT)
                .addPaths(PathCF.newBuilder().setGlob("manifests/**/*.yaml")).build();
        for (int round = 1; round <= ROUNDS; round++) {
            repository.commit("main", new TestRepository.Change().file("manifests/0.yaml", "# round " + round));
            int calls = site.gitaly.calls().size();
            long processor = site.figures.cpuMillis();
            long begin = System.nanoTime();
            List<ManifestStream> streams = new ArrayList<>();
            for (int i = 0; i < agents; i++) {
                streams.add(ManifestStream.open(channels.get(i), Surroundings.token(i), request));
            }
            int whole = 0;
            for (ManifestStream stream : streams) {
                if (stream.end().isOk() && stream.responses().size() == files + 2) {
                    whole++;
                }
            }
            System.out.printf("manifests %s round %d: %d of %d agents got %d files after %.2f s; %d calls to Gitaly; %.2f CPU-s; RSS %d MiB%n",
                    transport, round, whole, agents, files, (double) (System.nanoTime() - begin) / 1e9, site.gitaly.calls().size() - calls,
                    (double) (site.figures.cpuMillis() - processor) / 1e3, site.figures.residentKib() >> 10);
            Thread.sleep(2_000);
        }
        channels.forEach(ManagedChannel::shutdownNow);
    }
}
