package org.openkas.gitlab;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Timers;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;

/** A source that does as told and notes when it was asked. */
final class ScriptedSource implements AgentInfoSource {
    static final AgentInfo INFO = new AgentInfo(AgentType.AGENTK, 42, "agent", 7, GitalyInfo.newBuilder().setAddress("tcp://g:1").build(),
            GitalyRepository.newBuilder().setGlProjectPath("group/project").build(), "main");

    private final Timers timers;
    private final AtomicReference<AgentInfoSource> behaviour = new AtomicReference<>(token -> INFO);
    private final List<Long> askedMillis = new CopyOnWriteArrayList<>();

    ScriptedSource(Timers timers) {
        this.timers = timers;
    }

    void behave(AgentInfoSource as) {
        behaviour.set(as);
    }

    void answer() {
        behave(token -> INFO);
    }

    void fail(int status) {
        behave(token -> {
            throw GitLabException.status(status, "/api/v4/internal/kubernetes/agent_info", "");
        });
    }

    /** When it was asked, by the given clock. */
    List<Long> askedMillis() {
        return askedMillis;
    }

    int asked() {
        return askedMillis.size();
    }

    @Override
    public AgentInfo agentInfo(AgentToken token) throws GitLabException, InterruptedException {
        askedMillis.add(timers.nanos() / 1_000_000);
        return behaviour.get().agentInfo(token);
    }
}
