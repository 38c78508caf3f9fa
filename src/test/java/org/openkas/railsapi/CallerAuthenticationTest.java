package org.openkas.railsapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.auth0.jwt.JWT;
import com.auth0.jwt.JWTCreator;
import com.auth0.jwt.algorithms.Algorithm;
import io.grpc.Metadata;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateKey;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.LogLevel;
import org.openkas.grpc.CallerAuthentication;
import org.openkas.grpc.CallLogs;
import org.openkas.jwt.TokenVerifier;
import org.openkas.serverinfo.ServerInfoService;
import org.openkas.testkit.Bytes;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.InProcess;
import org.openkas.testkit.RailsTokens;
import org.openkas.testkit.RecordedLog;

class CallerAuthenticationTest {
    private static final String METHOD = "gitlab.agent.server_info.rpc.ServerInfo/GetServerInfo";
    private static final Algorithm HS256 = Algorithm.HMAC256(RailsTokens.SECRET);

    private final FakeTimers timers = new FakeTimers();
    private final Instant now = timers.now();
    private final RecordedLog log = new RecordedLog();
    private InProcess server = guarded(RailsTokens.SECRET);

    private InProcess guarded(byte[] secret) {
        TokenVerifier verifier = TokenVerifier.ofAnyIssuer(secret, "gitlab-kas", timers);
        ServerServiceDefinition service = ServerInterceptors.interceptForward(new ServerInfoService("17.0.0"),
                new CallLogs(log.log(), RandomGenerator.getDefault()),
                new CallerAuthentication(verifier::objection));
        return new InProcess(RequestFirst.before(service));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void call(Metadata headers) {
        Bytes.call(server.channel(), METHOD, new byte[0], headers);
    }

    private void accepted(String token) {
        assertThatCode(() -> call(RailsTokens.authorization("bearer " + token))).doesNotThrowAnyException();
    }

    private void rejected(String token) {
        int before = log.lines().size();
        refused("JWT validation failed", RailsTokens.authorization("bearer " + token));
        assertThat(log.lines()).hasSize(before + 1).last().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.DEBUG);
            assertThat(line.message()).isEqualTo("JWT validation failed");
            assertThat(line.fields()).containsKeys("grpc_service", "grpc_method", "error");
            if (!token.isEmpty()) {
                assertThat(line.fields().toString()).doesNotContain(token);
            }
        });
    }

    private void refused(String text, Metadata headers) {
        assertThatThrownBy(() -> call(headers)).hasMessage("UNAUTHENTICATED: " + text);
    }

    private String signed(UnaryOperator<JWTCreator.Builder> change) {
        return change.apply(RailsTokens.claims(now)).sign(HS256);
    }

    @Test
    @DisplayName("RA-9 no authorization, or an empty one")
    void missing() {
        refused("Request unauthenticated with bearer", new Metadata());
        refused("Request unauthenticated with bearer", RailsTokens.authorization(""));
        assertThat(log.lines()).isEmpty();
    }

    @Test
    @DisplayName("RA-10 a token without scheme")
    void noScheme() {
        refused("Bad authorization string", RailsTokens.authorization(RailsTokens.token(now)));
    }

    @Test
    @DisplayName("RA-11 another scheme is refused, the scheme may have capitals")
    void schemes() {
        refused("Request unauthenticated with bearer", RailsTokens.authorization("Basic " + RailsTokens.token(now)));
        refused("Request unauthenticated with bearer", RailsTokens.authorization(" " + RailsTokens.token(now)));
        call(RailsTokens.authorization("bearer " + RailsTokens.token(now)));
        call(RailsTokens.authorization("Bearer " + RailsTokens.token(now)));
        call(RailsTokens.authorization("BEARER " + RailsTokens.token(now)));
        assertThat(log.lines()).isEmpty();
    }

    @Test
    @DisplayName("the first of several values counts")
    void firstValue() {
        Metadata headers = RailsTokens.authorization("Basic x");
        headers.merge(RailsTokens.bearer(now));
        refused("Request unauthenticated with bearer", headers);
        Metadata good = RailsTokens.bearer(now);
        good.merge(RailsTokens.authorization("Basic x"));
        call(good);
    }

    @Test
    @DisplayName("RA-12 RA-18 RA-19 a token signed with another secret, such as the private API's, and the debug line")
    void otherKey() {
        byte[] other = "private-secret-of-just-32-bytes!".getBytes(StandardCharsets.US_ASCII);
        rejected(RailsTokens.claims(now).sign(Algorithm.HMAC256(other)));
        rejected(RailsTokens.claims(now).withIssuer("gitlab-kas").sign(Algorithm.HMAC256(other)));
    }

    @Test
    @DisplayName("RA-13 HMAC algorithms only")
    void algorithms() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair rsa = generator.generateKeyPair();
        rejected(RailsTokens.claims(now).sign(Algorithm.none()));
        rejected(RailsTokens.claims(now).sign(Algorithm.RSA256(null, (RSAPrivateKey) rsa.getPrivate())));
        accepted(RailsTokens.claims(now).sign(Algorithm.HMAC384(RailsTokens.SECRET)));
        accepted(RailsTokens.claims(now).sign(Algorithm.HMAC512(RailsTokens.SECRET)));
    }

    @Test
    @DisplayName("RA-14 the audience is gitlab-kas, or has it among others")
    void audience() {
        accepted(signed(claims -> claims.withAudience("x", "gitlab-kas")));
        rejected(signed(claims -> claims.withAudience("gitlab")));
        rejected(JWT.create().withIssuer("gitlab.example.com").withExpiresAt(now.plusSeconds(60)).sign(HS256));
    }

    @Test
    @DisplayName("RA-15 an expired token is refused, one without expiry is not")
    void expiry() {
        rejected(signed(claims -> claims.withExpiresAt(now.minusSeconds(1))));
        rejected(signed(claims -> claims.withExpiresAt(now)));
        accepted(JWT.create().withAudience("gitlab-kas").sign(HS256));
    }

    @Test
    @DisplayName("RA-16 a token of the future is refused")
    void notBefore() {
        rejected(signed(claims -> claims.withNotBefore(now.plusSeconds(5))));
        accepted(signed(claims -> claims.withNotBefore(now)));
    }

    @Test
    @DisplayName("RA-17 any issuer, or none")
    void issuer() {
        accepted(signed(claims -> claims.withIssuer("whoever")));
        accepted(sign("{\"alg\":\"HS256\"}", "{\"aud\":\"gitlab-kas\",\"iss\":{}}"));
        accepted(JWT.create().withAudience("gitlab-kas").withExpiresAt(now.plusSeconds(60)).sign(HS256));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "a.b", "a.b.c", "..", "a.b.c.d", "é.ü.ö", "null.null.null"})
    @DisplayName("what is no token at all")
    void malformed(String token) {
        rejected(token.replaceAll("[^ -~]", "?"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "[]", "1", "{", "{\"aud\":\"gitlab-kas\",\"exp\":\"tomorrow\"}", "{\"aud\":{\"a\":1}}",
            "{\"aud\":[1,null]}",
            "{\"aud\":\"gitlab-kas\",\"exp\":{}}", "{\"aud\":\"gitlab-kas\",\"nbf\":[]}", "{\"aud\":\"gitlab-kas\",\"exp\":-1e300}"})
    @DisplayName("properly signed claims of wrong types")
    void oddClaims(String claims) {
        rejected(sign("{\"alg\":\"HS256\"}", claims));
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "[]", "{}", "{\"alg\":null}", "{\"alg\":[]}", "{\"alg\":\"hs256\"}"})
    @DisplayName("headers without a known algorithm")
    void oddHeaders(String header) {
        rejected(sign(header, "{\"aud\":\"gitlab-kas\"}"));
    }

    @Test
    @DisplayName("number dates may have fractions, which are dropped")
    void fractions() {
        accepted(sign("{\"alg\":\"HS256\"}",
                "{\"aud\":\"gitlab-kas\",\"exp\":%d.5,\"nbf\":%d.25}".formatted(now.getEpochSecond() + 1, now.getEpochSecond())));
    }

    @Test
    @DisplayName("CO-17 a secret of ten bytes serves")
    void shortSecret() {
        byte[] secret = "ten-bytes!".getBytes(StandardCharsets.US_ASCII);
        server.close();
        server = guarded(secret);
        accepted(RailsTokens.claims(now).sign(Algorithm.HMAC256(secret)));
        rejected(RailsTokens.token(now));
    }

    private static String sign(String header, String claims) {
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        byte[] head = base64.encode(header.getBytes(StandardCharsets.UTF_8));
        byte[] body = base64.encode(claims.getBytes(StandardCharsets.UTF_8));
        List<byte[]> parts = List.of(head, body, base64.encode(HS256.sign(head, body)));
        return String.join(".", parts.stream().map(part -> new String(part, StandardCharsets.US_ASCII)).toList());
    }
}
