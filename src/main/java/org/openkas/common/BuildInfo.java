package org.openkas.common;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/**
 * What this build is, as peers and operators see it (chapter 05 §2).
 *
 * @param version the product's version with a leading {@code v}
 * @param commit the revision it was built from
 * @param buildTime {@code YYYYMMDD.HHMMSS} in UTC
 */
public record BuildInfo(String version, String commit, String buildTime) {

    /** What a build without stamps is called. */
    public static final BuildInfo UNKNOWN = new BuildInfo("v0.0.0", "00000000", "00000000.000000");

    /** What the build wrote into {@code org/openkas/build.properties}; parts of {@link #UNKNOWN} where it wrote nothing. */
    public static BuildInfo ofThisBuild() {
        Properties stamp = new Properties();
        try (InputStream in = BuildInfo.class.getResourceAsStream("/org/openkas/build.properties")) {
            if (in != null) {
                stamp.load(in);
            }
        } catch (IOException e) {
            return UNKNOWN;
        }
        return new BuildInfo(stamp.getProperty("version", UNKNOWN.version), stamp.getProperty("commit", UNKNOWN.commit),
                stamp.getProperty("built", UNKNOWN.buildTime));
    }

    /** The name in {@code Server}, {@code User-Agent} and {@code Via} headers. */
    public String serverName() {
        return "gitlab-kas/" + version + "/" + commit;
    }
}
