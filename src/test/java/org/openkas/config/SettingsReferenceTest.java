package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SettingsReferenceTest {
    private static final Path FILE = Path.of("docs/configuration.md");

    @Test
    void theReferenceIsUpToDate() throws IOException {
        if (Boolean.getBoolean("openkas.settings.write")) {
            Files.createDirectories(FILE.toAbsolutePath().getParent());
            Files.writeString(FILE, SettingsReference.markdown());
        }
        assertThat(FILE).as("write it anew with -Dopenkas.settings.write=true").content().isEqualTo(SettingsReference.markdown());
    }

    @Test
    void everyKeyIsExplained() {
        assertThat(ConfigurationLoader.keys()).hasSizeGreaterThan(130)
                .allSatisfy(key -> assertThat(key.meaning()).as(key.path()).isNotBlank().doesNotContain("|"));
    }
}
