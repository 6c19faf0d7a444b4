import { ANY } from "./request/glob.ts";
import type { KubernetesScope, PodsScope } from "./scope.ts";

function podsOf(scope: PodsScope): string {
  if (scope.namespaces.includes(ANY)) return "any pod of any namespace";
  const which =
    scope.pods === undefined
      ? `named ${(scope.names ?? []).join(", ")}`
      : `with ${Object.entries(scope.pods)
          .map(([key, value]) => `${key}=${value}`)
          .join(", ")}`;
  return `pods ${which} in ${scope.namespaces.join(", ")}`;
}

const commandWords = (command: readonly string[]): string =>
  command.map((each) => (/^[\w./*=:@%+,-]+$/.test(each) ? each : JSON.stringify(each))).join(" ");

/** A scope in words, one line a fact, for reviewers and listings. */
export function describeScope(scope: KubernetesScope): readonly string[] {
  const lines: string[] = [];
  const { resources, verbs = [], namespaces, exec, port_forward: forward } = scope;
  if (resources !== undefined) {
    const what = resources.includes(ANY)
      ? "every kind of object that comes with Kubernetes, but secrets"
      : resources.join(", ");
    lines.push(`${verbs.join(", ")}: ${what}`);
    lines.push(namespaces === undefined ? "in the whole cluster" : `in ${namespaces.join(", ")}`);
    if (namespaces !== undefined && scope.cluster) lines.push("and what is in no namespace");
    if (scope.service_accounts.length > 0)
      lines.push(`what is written may run as ${scope.service_accounts.join(", ")}`);
    if (scope.names !== undefined) lines.push(`named ${scope.names.join(", ")}`);
  }
  for (const [name, members] of Object.entries(scope.mask))
    lines.push(`masked in ${name}: ${members.join(", ")}`);
  if (exec !== undefined) {
    lines.push(
      `run in ${podsOf(exec)}${exec.containers === undefined ? "" : `, container ${exec.containers.join(" or ")}`}`,
    );
    for (const command of exec.commands)
      lines.push(`command: ${command[0] === ANY ? "any" : commandWords(command)}`);
    lines.push(exec.stdin ? "standard input is passed on" : "no standard input");
    lines.push(exec.terminal ? "a terminal may be opened" : "no terminal");
  }
  if (forward !== undefined) lines.push(`port ${forward.ports.join(", ")} of ${podsOf(forward)}`);
  return lines;
}
