package org.openkas.gitops;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.openkas.common.Glob;

/**
 * How the files that a glob may match are listed (chapter 01 §5.5.6).
 *
 * @param glob without the leading slash; matches whole paths
 * @param directory where the listing begins, {@code .} for the root
 * @param recursive whether it goes deeper than that directory
 */
record GlobWalk(Glob glob, String directory, boolean recursive) {
    private static final Pattern LITERAL_DIRECTORY = Pattern.compile("([^\\\\*?\\[\\]{}]+)/([^\n]*)");

    static GlobWalk of(String text) {
        String glob = text.startsWith("/") ? text.substring(1) : text;
        Matcher parts = LITERAL_DIRECTORY.matcher(glob);
        boolean below = parts.matches();
        String rest = below ? parts.group(2) : glob;
        // what a class contains may span directories
        boolean recursive = rest.contains("/") || rest.contains("[") || rest.contains("**");
        return new GlobWalk(new Glob(glob), below ? parts.group(1) : ".", recursive);
    }
}
