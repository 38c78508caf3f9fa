package org.openkas.gitlabaccess;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.openkas.common.AgentToken;
import org.openkas.common.GoText;
import org.openkas.gitlab.GitLabAddress;
import org.openkas.gitlab.ModuleRequest;
import org.openkas.gitlab.RequestBody;
import org.openkas.proto.gitlabaccess.HeaderExtra;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.prototool.Values;

/** What the header of a request says (chapter 01 §5.6.1, §5.6.3). Without state. */
final class RequestHead {
    private static final String EXTRA = HeaderExtra.getDescriptor().getFullName();

    private RequestHead() {
    }

    /** Why such a request cannot be made, in the words of the reference; empty if it can. */
    static Optional<String> objection(HttpRequest.Header header) {
        if (header.getRequest().getHeaderMap().keySet().stream().anyMatch("Upgrade"::equalsIgnoreCase)) {
            return Optional.of("connection upgrade is not supported");
        }
        if (!header.hasExtra()) {
            return Optional.of("proto: invalid nil source message");
        }
        String url = header.getExtra().getTypeUrl();
        String name = url.substring(url.lastIndexOf('/') + 1);
        if (!name.equals(EXTRA)) {
            return Optional.of("proto: mismatched message type: got " + GoText.quoted(EXTRA) + ", want " + GoText.quoted(name));
        }
        return extra(header.getExtra()).isPresent() ? Optional.empty() : Optional.of("proto: cannot parse invalid wire-format data");
    }

    private static Optional<HeaderExtra> extra(Any extra) {
        try {
            return Optional.of(HeaderExtra.parseFrom(extra.getValue()));
        } catch (InvalidProtocolBufferException e) {
            return Optional.empty();
        }
    }

    /** The request that a header without {@linkplain #objection objection} stands for. */
    static ModuleRequest of(HttpRequest.Header header, AgentToken token, RequestBody body) {
        org.openkas.proto.prototool.HttpRequest request = header.getRequest();
        return new ModuleRequest(token, extra(header.getExtra()).orElseThrow().getModuleName(), request.getMethod(), request.getUrlPath(),
                lists(request.getQueryMap()), lists(request.getHeaderMap()), body);
    }

    private static Map<String, List<String>> lists(Map<String, Values> values) {
        Map<String, List<String>> lists = new TreeMap<>();
        values.forEach((name, all) -> lists.put(name, List.copyOf(all.getValueList())));
        return lists;
    }

    /** Method, path and query for a line of the log. */
    static String shown(org.openkas.proto.prototool.HttpRequest request) {
        String query = GitLabAddress.query(lists(request.getQueryMap()));
        return request.getMethod() + " " + request.getUrlPath() + (request.getQueryCount() == 0 ? "" : "?" + query);
    }
}
