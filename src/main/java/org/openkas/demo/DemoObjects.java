package org.openkas.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** What there is in the demo cluster at its start. */
final class DemoObjects {
    private final ObjectStore store;

    DemoObjects(ObjectStore store) {
        this.store = store;
    }

    /** Makes all of it. */
    void make() throws ApiFailure {
        for (String namespace : List.of("default", "demo", "kube-system")) {
            ObjectNode object = Json.object();
            object.putObject("metadata").put("name", namespace).putObject("labels").put("kubernetes.io/metadata.name", namespace);
            store.create(Kind.NAMESPACE, "", object, false);
        }
        store.create(Kind.NODE, "",
                Json.of("""
                        {'metadata':{'name':'demo-node','labels':{'kubernetes.io/hostname':'demo-node'}},
                        'spec':{},'status':{'capacity':{'cpu':'2','memory':'4Gi','pods':'110'},'allocatable':{'cpu':'2','memory':'4Gi','pods':'110'},
                        'conditions':[{'type':'Ready','status':'True','reason':'Demo','message':'the demo cluster has one node'}],
                        'addresses':[{'type':'Hostname','address':'demo-node'}],
                        'nodeInfo':{'kubeletVersion':'%s','osImage':'OpenKAS demo','operatingSystem':'linux','architecture':'amd64',
                        'containerRuntimeVersion':'toy://1','kernelVersion':'','kubeProxyVersion':'','machineID':'','systemUUID':'','bootID':''}}}
                        """
                        .formatted(Discovery.VERSION)),
                false);
        store.create(Kind.named("", "configmaps").orElseThrow(), "default", Json.of("""
                {'metadata':{'name':'greeting'},'data':{'text':'Hello from the demo cluster'}}"""), false);
        store.create(Kind.DEPLOYMENT, "default", Json.of("""
                {'metadata':{'name':'hello','labels':{'app':'hello'}},'spec':{'replicas':2,'selector':{'matchLabels':{'app':'hello'}},
                'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':'25%','maxUnavailable':'25%'}},
                'template':{'metadata':{'labels':{'app':'hello'}},'spec':{'containers':[{'name':'web','image':'demo/hello:1',
                'ports':[{'containerPort':80,'protocol':'TCP'}]}]}}}}"""), false);
        store.create(Kind.named("", "services").orElseThrow(), "default", Json.of("""
                {'metadata':{'name':'hello'},'spec':{'type':'ClusterIP','clusterIP':'10.96.0.10','selector':{'app':'hello'},
                'ports':[{'port':80,'targetPort':80,'protocol':'TCP'}]}}"""), false);
        store.create(Kind.POD, "default", pod("clock", "clock", "demo/clock:1"), false);
    }

    /** A pod with one container. */
    static ObjectNode pod(String name, String container, String image) {
        return Json.of(("{'metadata':{'name':'%s','labels':{'app':'%s'}},'spec':{'restartPolicy':'Always','containers':[{'name':'%s',"
                + "'image':'%s'}]}}").formatted(name, container, container, image));
    }
}
