package org.openkas.demo;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Who am I, and what may I do: {@code kubectl auth whoami} and {@code kubectl auth can-i}. Impersonation is believed. */
final class SelfReviews {
    private SelfReviews() {
    }

    /** The answer to a review that was posted to {@code plural}. */
    static ObjectNode answer(ApiExchange exchange, String plural) throws IOException, ApiFailure {
        exchange.content();
        if (plural.equals("selfsubjectaccessreviews")) {
            ObjectNode review = Json.object("authorization.k8s.io/v1", "SelfSubjectAccessReview");
            review.putObject("metadata");
            review.putObject("status").put("allowed", true).put("reason", "everybody may do everything in the demo");
            return review;
        }
        if (!plural.equals("selfsubjectreviews")) {
            throw ApiFailure.noPath();
        }
        HttpHead head = exchange.head();
        ObjectNode review = Json.object("authentication.k8s.io/v1", "SelfSubjectReview");
        review.putObject("metadata");
        ObjectNode user = review.putObject("status").putObject("userInfo");
        user.put("username", head.value("Impersonate-User").orElse("system:serviceaccount:openkas-demo:demo-agent"));
        head.value("Impersonate-Uid").ifPresent(uid -> user.put("uid", uid));
        ArrayNode groups = user.putArray("groups");
        head.values("Impersonate-Group").forEach(groups::add);
        groups.add("system:authenticated");
        ObjectNode extra = Json.object();
        for (HttpHead.Field field : head.fields()) {
            if (field.name().toLowerCase(Locale.ROOT).startsWith("impersonate-extra-")) {
                String name = URLDecoder.decode(field.name().substring(18).replace("+", "%2B"),
                        StandardCharsets.UTF_8).toLowerCase(Locale.ROOT);
                extra.withArrayProperty(name).add(field.value());
            }
        }
        if (!extra.isEmpty()) {
            user.set("extra", extra);
        }
        return review;
    }
}
