import { type ClosingFile, type MissingFile, savedAs } from "../../gate/direct-paths.ts";
import { attempts } from "./attempts.ts";
import { type Place, whyNoEntry, whyNoObject } from "./place.ts";

// Kubernetes: "Network Policies". Policies add up: what one lets through no other can take away.

const inNamespace = (name: string): object => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});
const inBlock = (cidr: string): object => ({ ipBlock: { cidr } });
const tcp = (port: number): object => ({ protocol: "TCP", port });

/** What lets in a whole namespace. */
function ofNamespaces({ installation: { gatewayNamespaces } }: Place): readonly string[] {
  return gatewayNamespaces.map(
    (name) => `every pod of the namespace ${name} counts as the gateway: nothing else may run there`,
  );
}

const SHARED = [
  "the cluster's network must enforce policies (Calico and Cilium do, flannel alone does not): check",
  "policies add up: what another one of the namespace lets through stays open, so look at them all",
  "connections that are open already may live on: restart the pods",
];

interface Policy {
  readonly place: Place;
  /** What the printed file is called. */
  readonly name: string;
  readonly namespace: string;
  readonly spec: object;
}

function policy({ place, name, namespace, spec }: Policy) {
  const called = `mayfly.${place.connection}.${name === "networkpolicy-agents" ? "agents" : "target"}`;
  const labels = { "app.kubernetes.io/managed-by": "mayfly", "mayfly/connection": place.connection };
  const saved = savedAs(place.connection, name);
  const content = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: called, namespace, labels },
    spec,
  };
  return {
    name,
    content: [content],
    look: [`kubectl -n ${namespace} get networkpolicy -o yaml`, `kubectl diff -f ${saved}`],
    apply: [`kubectl apply -f ${saved}`],
    takeBack: [`kubectl -n ${namespace} delete networkpolicy ${called}`],
  };
}

/** For a namespace of agents: names and the gateway, and nothing else. */
export function agentPolicy(place: Place): ClosingFile | MissingFile {
  const name = "networkpolicy-agents";
  const { agentNamespace: namespace, gatewayNamespaces } = place.installation;
  if (namespace === undefined) return { name, why: "for agents that are pods: give --agent-namespace NAME" };
  const why = whyNoObject(place.connection) ?? (gatewayNamespaces.length > 0 ? undefined : whyNoEntry(place));
  if (why !== undefined) return { name, why };
  const dns = {
    to: [{ ...inNamespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
    ports: [{ protocol: "UDP", port: 53 }, tcp(53)],
  };
  const gateway = [...gatewayNamespaces.map(inNamespace), ...place.entries.map(inBlock)];
  return {
    ...policy({
      place,
      name,
      namespace,
      spec: {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [dns, { to: gateway, ports: place.gatewayPorts.map(tcp) }],
      },
    }),
    place: `the namespace ${namespace}, for all of its pods`,
    notes: [
      "it closes every other address to these pods, the cluster's API and the cloud's metadata service among them, and not this target's alone",
      "names are resolved by the pods k8s-app=kube-dns of kube-system: with NodeLocal DNSCache or OpenShift's DNS name those. Whoever resolves names can send data out by them",
      "a pod on the host's network (hostNetwork) is not covered: enforce Pod Security's level baseline or restricted in the agents' namespace",
      ...ofNamespaces(place),
      ...SHARED,
    ],
    check: attempts(place, "in a pod of an agent (kubectl exec)"),
  };
}

/** For a database that runs in a cluster: its pods for the gateway alone. */
export function targetPolicy(place: Place): ClosingFile | MissingFile | undefined {
  const name = "networkpolicy-target";
  const { paths, installation } = place;
  const { targetPods, gatewayNamespaces, gateways, kept, peers } = installation;
  const [endpoint] = paths.endpoints;
  if (paths.isShared || endpoint === undefined)
    return targetPods === undefined
      ? undefined
      : { name, why: "others than agents use this target too: close the agents' side" };
  const [, service, namespace] =
    /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$/.exec(endpoint.host) ?? [];
  if (service === undefined || namespace === undefined)
    return targetPods === undefined
      ? undefined
      : { name, why: `${endpoint.host} is no service of a cluster: SERVICE.NAMESPACE.svc` };
  if (targetPods === undefined)
    return {
      name,
      why: `give --target-pods LABEL=VALUE, as this prints them: kubectl -n ${namespace} get service ${service} -o jsonpath='{.spec.selector}'`,
    };
  const why = whyNoObject(place.connection);
  if (why !== undefined) return { name, why };
  const gateway = [...gatewayNamespaces.map(inNamespace), ...gateways.map(inBlock)];
  if (gateway.length === 0)
    return { name, why: "it lets in the gateway alone: give --gateway namespace:NAME" };
  const others = new Set([...kept.flatMap(({ from }) => from ?? []), ...peers]);
  return {
    ...policy({
      place,
      name,
      namespace,
      spec: {
        podSelector: { matchLabels: targetPods },
        policyTypes: ["Ingress"],
        ingress: [{ from: [...gateway, ...[...others].map(inBlock)], ports: [tcp(endpoint.port)] }],
      },
    }),
    place: `the namespace ${namespace}, for the pods behind ${service}`,
    notes: [
      `the port is the pods' own: where the service maps ${endpoint.port} to another one (targetPort), write that`,
      "every other port of these pods is closed too, and they no longer reach each other: --peer ADDRESS lets in standbys and monitoring. The kubelet's probes pass",
      ...ofNamespaces(place),
      ...SHARED,
    ],
    check: attempts(place, "in a pod of an agent (kubectl exec)"),
  };
}
