package org.openkas.common;

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

    /** The name in {@code Server}, {@code User-Agent} and {@code Via} headers. */
    public String serverName() {
        return "gitlab-kas/" + version + "/" + commit;
    }
}
