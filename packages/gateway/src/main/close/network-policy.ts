import type { ClosingFile, MissingFile } from "../../gate/direct-paths.ts";
import { tries } from "./nftables.ts";
import { objectName, type Place } from "./place.ts";

// Kubernetes: "Network Policies". Policies add up: what one lets through no other can take away.

const inNamespace = (name: string): object => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});
const tcp = (port: number): object => ({ protocol: "TCP", port });

/** Where the gateway is, as a policy's peers. */
function gateway({ installation }: Place): readonly object[] {
  return [
    ...installation.gatewayNamespaces.map(inNamespace),
    ...installation.gateways.map((cidr) => ({ ipBlock: { cidr } })),
  ];
}

/** Who keeps a way beside the gateway's. */
function kept({ installation }: Place): readonly object[] {
  return installation.kept.flatMap(({ from }) => (from === undefined ? [] : [{ ipBlock: { cidr: from } }]));
}

function policy(place: Place, suffix: string, namespace: string, spec: object): object {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: objectName(place, suffix),
      namespace,
      labels: { "app.kubernetes.io/managed-by": "mayfly", "mayfly/connection": place.connection },
    },
    spec,
  };
}

const ENFORCED =
  "the cluster's network must enforce policies (Calico and Cilium do, flannel alone does not): check";

function commands(place: Place, suffix: string, namespace: string) {
  return {
    apply: ["kubectl apply -f FILE"],
    takeBack: [`kubectl -n ${namespace} delete networkpolicy ${objectName(place, suffix)}`],
  };
}

/** For a namespace of agents: names and the gateway, and nothing else. */
export function agentPolicy(place: Place): ClosingFile | MissingFile {
  const name = "networkpolicy-agents";
  const { agentNamespace: namespace } = place.installation;
  if (namespace === undefined) return { name, why: "for agents that are pods: give --agent-namespace NAME" };
  if (gateway(place).length === 0)
    return {
      name,
      why: "it lets out to the gateway alone: give --gateway ADDRESS or --gateway namespace:NAME",
    };
  const dns = {
    to: [{ ...inNamespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
    ports: [{ protocol: "UDP", port: 53 }, tcp(53)],
  };
  return {
    name,
    place: `the namespace ${namespace}, for all of its pods`,
    content: [
      policy(place, "-agents", namespace, {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [dns, { to: gateway(place), ports: place.gatewayPorts.map(tcp) }],
      }),
    ],
    notes: [
      "it closes every other address to these pods, the cluster's API and the cloud's metadata service among them, and not this target's alone",
      "a pod on the host's network (hostNetwork) is not covered: agents' namespaces enforce Pod Security's baseline or restricted level",
      ENFORCED,
    ],
    ...commands(place, "-agents", namespace),
    check: [
      `kubectl -n ${namespace} get networkpolicy   # others add to what this one lets out`,
      ...tries(place, "# in a pod of an agent (kubectl exec); it must time out:"),
    ],
  };
}

/** For a target that runs in a cluster: its pods for the gateway alone. */
export function targetPolicy(place: Place): ClosingFile | MissingFile | undefined {
  const name = "networkpolicy-target";
  const { paths, installation } = place;
  const [endpoint] = paths.endpoints;
  const [, service, namespace] =
    /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$/.exec(endpoint?.host ?? "") ?? [];
  if (endpoint === undefined || service === undefined || namespace === undefined) return undefined;
  // Everybody's own way to the cluster's API, which no policy of a namespace is about.
  if (service === "kubernetes" && namespace === "default") return undefined;
  if (installation.targetPods === undefined)
    return {
      name,
      why: `give --target-pods LABEL=VALUE, as this prints them: kubectl -n ${namespace} get service ${service} -o jsonpath='{.spec.selector}'`,
    };
  if (gateway(place).length === 0)
    return { name, why: "it lets in the gateway alone: give --gateway namespace:NAME" };
  return {
    name,
    place: `the namespace ${namespace}, for the pods behind ${service}`,
    content: [
      policy(place, "", namespace, {
        podSelector: { matchLabels: installation.targetPods },
        policyTypes: ["Ingress"],
        ingress: [{ from: [...gateway(place), ...kept(place)], ports: [tcp(endpoint.port)] }],
      }),
    ],
    notes: [
      `the port is the pods' own: where the service maps ${endpoint.port} to another one (targetPort), write that`,
      "every other port of these pods is closed too, to whomever no other policy lets in: probes of the kubelet pass",
      ENFORCED,
    ],
    ...commands(place, "", namespace),
    check: [
      `kubectl -n ${namespace} get networkpolicy   # others add to what this one lets in`,
      ...tries(place, "# in a pod of an agent (kubectl exec); it must time out:"),
    ],
  };
}
