import type { Inventory } from "../../../gate/inventory/inventory.ts";
import { compareReach } from "../../../gate/reach.ts";
import { reachOf } from "../reach.ts";
import { commandMatches, nameMatches } from "../request/glob.ts";
import type { KubernetesScope, PodsScope } from "../scope.ts";
import { judgeSeen } from "./judge-seen.ts";
import { type CommandNeed, needOf, type ObjectNeed, type PortNeed } from "./need.ts";
import { commandLikeness } from "./commands.ts";
import { patternOf } from "./names.ts";
import { readSeen } from "./seen-request.ts";

/**
 * What of a scope no request needed: resources, verbs, namespaces, names, service accounts where a source shows what was written,
 * commands, containers, ports where it tells them. What a pattern or a label takes beyond what was used is not looked at.
 */
export const unused: Inventory<KubernetesScope>["unused"] = (seen, scope) => {
  const needs = seen.flatMap(({ act }) => {
    const permitted = judgeSeen([{ name: "c/o", scope }], readSeen(act)).kind === "permit";
    return permitted ? [needOf(act)] : [];
  });
  const objects = needs.filter((need) => need.kind === "object");
  const commands = needs.filter((need) => need.kind === "command");
  const ports = needs.filter((need) => need.kind === "port");
  if (objects.length + commands.length + ports.length === 0) return undefined;
  const needed: KubernetesScope = {
    ...ofObjects(scope, objects),
    exec: ofCommands(scope.exec, commands),
    port_forward: ofPorts(scope.port_forward, ports),
  };
  return compareReach(reachOf(needed), reachOf(scope)).more;
};

/** Whether a name that is granted was needed, or one that is made as it is: of those all stand for one. */
const isNamed = (granted: string, name: string): boolean =>
  granted === name || nameMatches(granted, name) || patternOf(granted) === name;

function ofObjects(scope: KubernetesScope, needs: readonly ObjectNeed[]): KubernetesScope {
  const { resources, verbs, namespaces, names, cluster, service_accounts } = scope;
  if (needs.length === 0)
    return {
      ...scope,
      resources: undefined,
      verbs: undefined,
      names: undefined,
      cluster: false,
      service_accounts: [],
    };
  const used = {
    whats: new Set(needs.map(({ what }) => what)),
    verbs: new Set<string>(needs.flatMap(({ verb, makes }) => (makes ? ["create", verb] : [verb]))),
    places: new Set(needs.flatMap(({ namespace }) => namespace ?? [])),
    isCluster: needs.some(({ namespace }) => namespace === undefined),
  };
  const isUnseen = needs.some((need) => need.isUnseen);
  return {
    ...scope,
    resources: resources?.filter((name) => used.whats.has(name)),
    verbs: verbs?.filter((verb) => used.verbs.has(verb)),
    // Whoever lists all of a cluster needs no namespace.
    namespaces:
      namespaces?.filter((name) => used.places.has(name)) ?? (used.isCluster ? undefined : [...used.places]),
    names: names?.filter((pattern) => needs.some(({ name }) => name !== undefined && isNamed(pattern, name))),
    cluster: cluster && used.isCluster,
    service_accounts: isUnseen
      ? service_accounts
      : service_accounts.filter((pattern) =>
          needs.some(({ accounts }) => accounts.some((name) => isNamed(pattern, name))),
        ),
  };
}

function ofPods<Scope extends PodsScope>(
  scope: Scope,
  needs: readonly { readonly namespace: string; readonly pod: string }[],
): Scope {
  return {
    ...scope,
    namespaces: scope.namespaces.filter((name) => needs.some(({ namespace }) => namespace === name)),
    ...(scope.names === undefined
      ? {}
      : { names: scope.names.filter((pattern) => needs.some(({ pod }) => isNamed(pattern, pod))) }),
  };
}

function ofCommands(scope: KubernetesScope["exec"], needs: readonly CommandNeed[]): KubernetesScope["exec"] {
  if (scope === undefined || needs.length === 0) return undefined;
  const takes = (command: readonly string[], argv: readonly string[]): boolean =>
    commandMatches(command, argv) || commandLikeness(command) === commandLikeness(argv);
  return {
    ...ofPods(scope, needs),
    containers: scope.containers?.filter((name) => needs.some(({ container }) => container === name)),
    commands: scope.commands.filter((command) => needs.some(({ argv }) => takes(command, argv))),
    stdin: scope.stdin && needs.some(({ stdin }) => stdin),
    terminal: scope.terminal && needs.some(({ terminal }) => terminal),
  };
}

function ofPorts(
  scope: KubernetesScope["port_forward"],
  needs: readonly PortNeed[],
): KubernetesScope["port_forward"] {
  if (scope === undefined || needs.length === 0) return undefined;
  const areKnown = needs.some(({ port }) => port !== undefined);
  return {
    ...ofPods(scope, needs),
    ports: areKnown ? scope.ports.filter((port) => needs.some((need) => need.port === port)) : scope.ports,
  };
}
