package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.container.test.api.RunAsClient;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The WAR that the build made, in a whole Open Liberty that Arquillian manages, configured by properties alone. */
@ExtendWith(ArquillianExtension.class)
@RunAsClient
class OpenLibertyIT {
    private static final URI SERVER = URI.create("http://localhost:" + System.getProperty("it.http.port"));

    @Deployment(testable = false)
    static WebArchive application() {
        return ShrinkWrap.createFromZipFile(WebArchive.class, new File("target/openkas.war"));
    }

    private static HttpResponse<String> get(String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(SERVER.resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void healthShowsTheServersProbes() {
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(get("/health").statusCode()).isEqualTo(200));
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(get("/health").body()).contains("\"liveness\"", "\"readiness\"", "\"startup\"")
                        .doesNotContain("DOWN"));
    }

    @Test
    void eachKindOfHealthHasItsPath() {
        for (String path : new String[]{"/health/live", "/health/ready", "/health/started"}) {
            await(path).atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(get(path).body()).contains("\"UP\"", "\"name\""));
        }
    }
}
