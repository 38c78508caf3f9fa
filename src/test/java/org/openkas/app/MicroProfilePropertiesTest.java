package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.Config;
import org.junit.jupiter.api.Test;

class MicroProfilePropertiesTest {

    @Test
    void asksForTextsByName() {
        Map<String, String> values = Map.of("openkas.agent.listen.address", ":1");
        Config config = (Config) Proxy.newProxyInstance(Config.class.getClassLoader(), new Class<?>[]{Config.class},
                (_, method, arguments) -> {
                    assertThat(method.getName()).isEqualTo("getOptionalValue");
                    assertThat(arguments[1]).isEqualTo(String.class);
                    return Optional.ofNullable(values.get(arguments[0]));
                });
        assertThat(new MicroProfileProperties(config).value("openkas.agent.listen.address")).contains(":1");
        assertThat(new MicroProfileProperties(config).value("openkas.agent.listen.network")).isEmpty();
    }
}
