package org.openkas.jwt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.testkit.FakeTimers;

class TokenVerifierTest {
    private static final byte[] SECRET = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8);
    private static final byte[] OTHER = "fedcba9876543210fedcba9876543210".getBytes(StandardCharsets.UTF_8);
    /** The clock stands half a second after this. */
    private static final long NOW = 1_700_000_000;

    private final FakeTimers timers = new FakeTimers(Instant.ofEpochSecond(NOW, 500_000_000));
    private final TokenVerifier anyIssuer = TokenVerifier.ofAnyIssuer(SECRET, "gitlab-kas", timers);
    private final TokenVerifier ourIssuer = TokenVerifier.ofIssuer(SECRET, "gitlab-kas", "gitlab-kas", timers);

    @Test
    void takesWhatRailsSends() throws Exception {
        assertThat(anyIssuer.objection(hmac("HS256", SECRET, """
                {"jti":"3f7c","aud":"gitlab-kas","iss":"gitlab.example.com","iat":1700000000,"nbf":1699999995,"exp":1700000060}""")))
                .isEmpty();
    }

    @Test
    @DisplayName("RA-12: signed with another key")
    void otherKey() throws Exception {
        assertThat(anyIssuer.objection(hmac("HS256", OTHER, "{\"aud\":\"gitlab-kas\"}"))).contains("signature is invalid");
    }

    @ParameterizedTest
    @DisplayName("RA-13: HS384 and HS512 count")
    @ValueSource(strings = {"HS256", "HS384", "HS512"})
    void algorithms(String algorithm) throws Exception {
        assertThat(anyIssuer.objection(hmac(algorithm, SECRET, "{\"aud\":\"gitlab-kas\"}"))).isEmpty();
    }

    @ParameterizedTest
    @DisplayName("RA-13: none does not count")
    @ValueSource(strings = {"none", "None", "hs256", "HS1", ""})
    void otherAlgorithms(String algorithm) {
        String unsigned = base64("{\"alg\":\"" + algorithm + "\"}") + "." + base64("{\"aud\":\"gitlab-kas\"}");
        assertThat(anyIssuer.objection(unsigned + ".")).contains("signing method is not one of HS256, HS384, HS512");
        assertThat(anyIssuer.objection(unsigned + ".AAAA")).contains("signing method is not one of HS256, HS384, HS512");
    }

    @Test
    @DisplayName("RA-13: RS256 does not count")
    void rsa() throws Exception {
        String signed = base64("{\"alg\":\"RS256\"}") + "." + base64("{\"aud\":\"gitlab-kas\"}");
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate());
        signature.update(signed.getBytes(StandardCharsets.UTF_8));

        assertThat(anyIssuer.objection(signed + "." + base64(signature.sign())))
                .contains("signing method is not one of HS256, HS384, HS512");
    }

    @ParameterizedTest
    @DisplayName("RA-14: the audience is a string or in an array")
    @ValueSource(strings = {"{'aud':['x','gitlab-kas']}", "{'aud':'gitlab-kas'}", "{'aud':['gitlab-kas']}"})
    void audiences(String claims) throws Exception {
        assertThat(anyIssuer.objection(hs256(claims))).isEmpty();
    }

    @ParameterizedTest
    @DisplayName("RA-14: another audience or none")
    @ValueSource(strings = {"{'aud':'gitlab'}", "{}", "{'aud':[]}", "{'aud':['gitlab']}", "{'aud':null}", "{'aud':{'a':'gitlab-kas'}}"})
    void otherAudiences(String claims) throws Exception {
        assertThat(anyIssuer.objection(hs256(claims))).contains("token has invalid audience, wanted gitlab-kas");
    }

    @ParameterizedTest
    @DisplayName("RA-15, RA-16: exp and nbf, without leeway, with fractions, optional")
    @CsvSource(delimiter = '|', textBlock = """
            {'aud':'gitlab-kas','exp':1699999999}      | token is expired
            {'aud':'gitlab-kas','exp':1700000000}      | token is expired
            {'aud':'gitlab-kas','exp':1700000001}      |
            {'aud':'gitlab-kas','exp':1700000001.75}   |
            {'aud':'gitlab-kas','exp':1.700000001e9}   |
            {'aud':'gitlab-kas','exp':null}            | token is malformed
            {'aud':'gitlab-kas','exp':1000000000000000000} | token is malformed
            {'aud':'gitlab-kas','nbf':-1000000000000000000} | token is malformed
            {'aud':'gitlab-kas','nbf':null}            | token is malformed
            {'aud':'gitlab-kas','nbf':1700000005}      | token is not valid yet
            {'aud':'gitlab-kas','nbf':1700000000}      |
            {'aud':'gitlab-kas','nbf':1700000000.25}   |
            {'aud':'gitlab-kas','iat':1800000000}      |
            {'aud':'gitlab-kas','exp':'1700000001'}    | token is malformed
            {'aud':'gitlab-kas','nbf':true}            | token is malformed
            """)
    void dates(String claims, String objection) throws Exception {
        assertThat(anyIssuer.objection(hs256(claims.replace("''", "'"))).orElse(null)).isEqualTo(objection);
    }

    @Test
    @DisplayName("a part that is JSON but no object")
    void nullParts() throws Exception {
        assertThat(anyIssuer.objection(hs256("null"))).contains("token is malformed");
        assertThat(anyIssuer
                .objection(base64("null".getBytes(StandardCharsets.UTF_8)) + "." + base64("{}".getBytes(StandardCharsets.UTF_8)) + ".AA"))
                .contains("token is malformed");
    }

    @ParameterizedTest
    @DisplayName("RA-17: any issuer or none, where none is demanded")
    @ValueSource(strings = {"{'aud':'gitlab-kas','iss':'x'}", "{'aud':'gitlab-kas'}", "{'aud':'gitlab-kas','iss':'gitlab-kas'}",
            "{'aud':'gitlab-kas','iss':5}", "{'aud':'gitlab-kas','jti':5,'sub':{}}"})
    void issuers(String claims) throws Exception {
        assertThat(anyIssuer.objection(hs256(claims))).isEmpty();
    }

    @ParameterizedTest
    @DisplayName("chapter 04 §4.2: the issuer, where one is demanded")
    @CsvSource(delimiter = '|', textBlock = """
            {'aud':'gitlab-kas','iss':'x'}           | token has invalid issuer, wanted gitlab-kas
            {'aud':'gitlab-kas'}                     | token has invalid issuer, wanted gitlab-kas
            {'aud':'gitlab-kas','iss':5}             | token has invalid issuer, wanted gitlab-kas
            {'aud':['gitlab-kas'],'iss':'gitlab-kas'} |
            """)
    void demandedIssuer(String claims, String objection) throws Exception {
        assertThat(ourIssuer.objection(hs256(claims)).orElse(null)).isEqualTo(objection);
    }

    @Test
    @DisplayName("RA-18: a token of the private API is signed with another secret")
    void privateToken() throws Exception {
        assertThat(anyIssuer.objection(hmac("HS256", OTHER, "{\"aud\":[\"gitlab-kas\"],\"iss\":\"gitlab-kas\"}")))
                .contains("signature is invalid");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 10, 31, 200})
    void keysOfAnyLength(int length) throws Exception {
        byte[] secret = new byte[length];
        java.util.Arrays.fill(secret, (byte) 7);
        TokenVerifier verifier = TokenVerifier.ofAnyIssuer(secret, "gitlab-kas", timers);

        // the JDK takes no empty key; one zero byte is the same key to HMAC
        assertThat(verifier.objection(hmac("HS512", length == 0 ? new byte[1] : secret, "{\"aud\":\"gitlab-kas\"}"))).isEmpty();
        assertThat(verifier.objection(hs256("{'aud':'gitlab-kas'}"))).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a.b.c", "abc", "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.AAAA", "...."})
    void nonsenseIsRefusedWithoutQuotingIt(String token) {
        assertThat(anyIssuer.objection(token)).contains("token is malformed");
    }

    @Test
    @DisplayName("a token whose parts are padded")
    void padding() throws Exception {
        String token = hs256("{'aud':'gitlab-kas'}");

        assertThat(anyIssuer.objection(token)).isEmpty();
        assertThat(anyIssuer.objection(token + "=")).contains("token is malformed");
    }

    private static String hs256(String claims) throws GeneralSecurityException {
        return hmac("HS256", SECRET, claims.replace('\'', '"'));
    }

    private static String hmac(String algorithm, byte[] secret, String claims) throws GeneralSecurityException {
        String signed = base64("{\"alg\":\"" + algorithm + "\",\"typ\":\"JWT\"}") + "." + base64(claims);
        Mac mac = Mac.getInstance(algorithm.replace("HS", "HmacSHA"));
        mac.init(new SecretKeySpec(secret, "mac"));
        return signed + "." + base64(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
    }

    private static String base64(String text) {
        return base64(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
