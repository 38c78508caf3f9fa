package org.openkas.jgit;

import java.io.File;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.internal.util.CleanupService;
import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.storage.file.FileBasedConfig;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;

/**
 * JGit's view of the host without the host's Git settings: no system, user or JGit configuration file is read or written, so
 * that a missing, unreadable or odd home directory changes nothing. What a repository's own configuration says still counts.
 * File times are never trusted, so a push is seen at once; nothing is tidied up by itself. {@code ssh} addresses use the host's {@code ssh} program.
 */
public final class HostIndependentGit extends SystemReader.Delegate {

    private HostIndependentGit(SystemReader host) {
        super(host);
    }

    /** Makes JGit in this class loader use it; JGit knows only one such object. Further calls change nothing. */
    public static synchronized void install() {
        SystemReader current = SystemReader.getInstance();
        if (!(current instanceof HostIndependentGit)) {
            withoutShutdownHook();
            SystemReader.setInstance(new HostIndependentGit(current));
        }
    }

    /**
     * Ends the threads that JGit has in this class loader, if it was made to use this view; nothing may use JGit afterwards. To
     * be called when an application ends and its process goes on, which would keep the application's classes otherwise.
     */
    public static synchronized void release() {
        if (SystemReader.getInstance() instanceof HostIndependentGit) {
            Git.shutdown();
        }
    }

    /** A hook of the JVM, which deletes lock files at its end, could not be taken back; this is how OSGi does without it. */
    private static void withoutShutdownHook() {
        new CleanupService();
    }

    @Override
    public String getenv(String variable) {
        String value = super.getenv(variable);
        return "GIT_SSH".equals(variable) && value == null ? "ssh" : value;
    }

    @Override
    public FileBasedConfig openUserConfig(Config parent, FS fs) {
        return new Fixed(parent, fs);
    }

    @Override
    public FileBasedConfig openSystemConfig(Config parent, FS fs) {
        return new Fixed(parent, fs);
    }

    @Override
    public FileBasedConfig openJGitConfig(Config parent, FS fs) {
        return new Fixed(parent, fs);
    }

    /** Settings without a file. */
    private static final class Fixed extends FileBasedConfig {
        Fixed(Config parent, FS fs) {
            super(parent, new File("none"), fs);
            setString("core", null, "trustStat", "never");
            // a fetch must not begin to tidy up in the background while others read
            setInt("gc", null, "auto", 0);
        }

        @Override
        public void load() {
        }

        @Override
        public void save() {
        }

        @Override
        public boolean isOutdated() {
            return false;
        }
    }
}
