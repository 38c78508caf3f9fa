package org.openkas.usage;

/** Where features say that they were used (chapter 03 §17.1). Implementations are thread-safe and never block. */
public interface UsageCounters {

    /** One more use of {@code counter}. */
    void add(String counter);

    /** That {@code id} is among those counted by {@code counter}; each counts once however often it is seen. */
    void see(String counter, long id);
}
