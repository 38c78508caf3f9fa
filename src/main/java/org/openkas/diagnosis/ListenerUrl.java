package org.openkas.diagnosis;

import org.openkas.config.KubernetesApiListenSection;
import org.openkas.config.KubernetesApiSection;

/** The URL of the Kubernetes API listener, as far as the configuration tells it. */
final class ListenerUrl {
    private ListenerUrl() {
    }

    static String of(KubernetesApiSection section) throws KubeconfigException {
        KubernetesApiListenSection listen = section.listen();
        String address = listen.address();
        int colon = address.lastIndexOf(':');
        if (listen.network().equals("unix") || colon < 0) {
            throw unknown("the Kubernetes API listener has no TCP address");
        }
        if (listen.tls().isEmpty()) {
            throw unknown("the Kubernetes API listener has no certificate, and kubectl sends its token over TLS only");
        }
        String host = address.substring(0, colon);
        if (host.isEmpty() || host.equals("0.0.0.0") || host.equals("[::]")) {
            throw unknown("the Kubernetes API listener is at " + address + ", which does not tell the server's name");
        }
        if (address.endsWith(":0")) {
            throw unknown("the Kubernetes API listener takes any free port");
        }
        String prefix = section.urlPathPrefix();
        return "https://" + address + (prefix.equals("/") ? "" : prefix.substring(0, prefix.length() - 1));
    }

    private static KubeconfigException unknown(String why) {
        return new KubeconfigException(why + ": give --server=https://... with the address at which users reach it");
    }
}
