package org.openkas.net;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The blocks of a PEM file. Private keys may be PKCS#8, PKCS#1 ({@code RSA PRIVATE KEY}) or SEC 1
 * ({@code EC PRIVATE KEY}), as the tools of the last decades write them; the JDK itself reads the first form only.
 */
final class PemFile {
    private static final Pattern BLOCK = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
    private static final byte[] RSA = {0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01, 0x01,
            0x05,
            0x00};
    private static final byte[] EC_PUBLIC_KEY = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};
    private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final int PARAMETERS = 0xa0;

    private record Block(String kind, ByteString bytes) {
    }

    private final List<Block> blocks;

    private PemFile(List<Block> blocks) {
        this.blocks = blocks;
    }

    /** Reads all blocks; text between them is ignored. */
    static PemFile read(Path file) throws IOException {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new IOException("open " + file + ": no such file or directory", e);
        }
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            String body = matcher.group(2);
            if (body.contains("ENCRYPTED") || matcher.group(1).startsWith("ENCRYPTED")) {
                throw new IOException("tls: failed to parse private key (encrypted keys are not supported: decrypt " + file + " first)");
            }
            try {
                blocks.add(new Block(matcher.group(1), ByteString.copyFrom(Base64.getMimeDecoder().decode(body))));
            } catch (IllegalArgumentException e) {
                throw new IOException("malformed PEM block in " + file, e);
            }
        }
        return new PemFile(blocks);
    }

    /** All certificates, the server's own first. */
    X509Certificate[] certificates() throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> found = new ArrayList<>();
        for (Block block : blocks) {
            if (block.kind().equals("CERTIFICATE")) {
                found.add((X509Certificate) factory.generateCertificate(block.bytes().newInput()));
            }
        }
        if (found.isEmpty()) {
            throw noCertificate();
        }
        return found.toArray(X509Certificate[]::new);
    }

    /** The first private key. */
    PrivateKey privateKey() throws GeneralSecurityException {
        for (Block block : blocks) {
            switch (block.kind()) {
                case "PRIVATE KEY" -> {
                    return pkcs8(block.bytes().toByteArray());
                }
                case "RSA PRIVATE KEY" -> {
                    return pkcs8(der(SEQUENCE, VERSION_0, RSA, der(OCTET_STRING, block.bytes().toByteArray())));
                }
                case "EC PRIVATE KEY" -> {
                    return pkcs8(
                            der(SEQUENCE, VERSION_0, der(SEQUENCE, EC_PUBLIC_KEY, curve(block.bytes().toByteArray())),
                                    der(OCTET_STRING, block.bytes().toByteArray())));
                }
                default -> {
                    // certificates and parameters may stand in front
                }
            }
        }
        throw noKey();
    }

    private GeneralSecurityException noCertificate() {
        if (blocks.size() == 1 && blocks.getFirst().kind().endsWith("PRIVATE KEY")) {
            return new GeneralSecurityException("tls: failed to find certificate PEM data in certificate input, but did find a private key;"
                    + " PEM inputs may have been switched");
        }
        return missing("certificate input", "\"CERTIFICATE\" PEM block");
    }

    private GeneralSecurityException noKey() {
        if (blocks.size() == 1 && blocks.getFirst().kind().equals("CERTIFICATE")) {
            return new GeneralSecurityException("tls: found a certificate rather than a key in the PEM for the private key");
        }
        return missing("key input", "PEM block with type ending in \"PRIVATE KEY\"");
    }

    private GeneralSecurityException missing(String input, String wanted) {
        return new GeneralSecurityException(blocks.isEmpty()
                ? "tls: failed to find any PEM data in " + input
                : "tls: failed to find " + wanted + " in " + input + " after skipping PEM blocks of the following types: ["
                        + blocks.stream().map(Block::kind).collect(Collectors.joining(" ")) + "]");
    }

    /** Fails if the key is not the one that the certificate is for. */
    static void requireMatch(PrivateKey key, X509Certificate certificate) throws GeneralSecurityException {
        if (!key.getAlgorithm().equals(certificate.getPublicKey().getAlgorithm())) {
            throw new GeneralSecurityException("tls: private key type does not match public key type");
        }
        Signature signature = Signature.getInstance(switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        });
        signature.initSign(key);
        byte[] signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        if (!signature.verify(signed)) {
            throw new GeneralSecurityException("tls: private key does not match public key");
        }
    }

    private static PrivateKey pkcs8(byte[] bytes) throws GeneralSecurityException {
        GeneralSecurityException failure = new GeneralSecurityException("tls: failed to parse private key");
        for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(bytes));
            } catch (InvalidKeySpecException e) {
                failure.addSuppressed(e); // a key of another algorithm
            }
        }
        throw failure;
    }

    /** The curve's object identifier, from the optional parameters of a SEC 1 key. */
    private static byte[] curve(byte[] key) throws GeneralSecurityException {
        int at = 0;
        if (key.length > 2 && key[0] == SEQUENCE) {
            at = contentOf(key, 0);
            while (at + 2 <= key.length) {
                int content = contentOf(key, at);
                int end = content + lengthAt(key, at);
                if ((key[at] & 0xff) == PARAMETERS && end <= key.length) {
                    return Arrays.copyOfRange(key, content, end);
                }
                at = end;
            }
        }
        throw new GeneralSecurityException("tls: failed to parse private key: the key names no curve");
    }

    private static int contentOf(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
    }

    private static int lengthAt(byte[] der, int at) throws GeneralSecurityException {
        int first = der[at + 1] & 0xff;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7f); i++) {
            if (at + 2 + i >= der.length || length > 0xffff) {
                throw new GeneralSecurityException("tls: failed to parse private key");
            }
            length = length << 8 | (der[at + 2 + i] & 0xff);
        }
        return length;
    }

    private static byte[] der(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        int length = content.size();
        if (length < 0x80) {
            out.write(length);
        } else {
            out.write(0x82);
            out.write(length >> 8);
            out.write(length);
        }
        out.writeBytes(content.toByteArray());
        return out.toByteArray();
    }
}
