import { type Objection, notGranted, wrong } from "../../../gate/hints.ts";
import type { PodFacts } from "../act.ts";
import { commandMatches, nameMatches } from "./glob.ts";
import { grantsNamespace } from "./granted.ts";
import type { Query, ResourceRequest, Unreadable } from "./read.ts";
import type { ExecScope, PodsScope } from "../scope.ts";

/** A request to run a command in a pod, read (Kubernetes: PodExecOptions). */
export interface ExecRequest {
  readonly container: string;
  readonly argv: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly terminal: boolean;
}

/** Reads the parameters of an exec; each counts once but for the command's. */
export function readExec(query: Query): ExecRequest | Unreadable {
  const seen = new Map<string, string>();
  const argv: string[] = [];
  for (const [name, value] of query) {
    if (name === "command") argv.push(value);
    else if (!["container", "stdin", "stdout", "stderr", "tty"].includes(name))
      return { why: `exec takes no parameter ${JSON.stringify(name.slice(0, 40))}` };
    else if (seen.has(name)) return { why: `${name} is said twice` };
    else seen.set(name, value);
  }
  const flag = (name: string): boolean | undefined => {
    const value = seen.get(name) ?? "false";
    return value === "true" ? true : value === "false" ? false : undefined;
  };
  const [stdin, stdout, stderr, terminal] = [flag("stdin"), flag("stdout"), flag("stderr"), flag("tty")];
  if (stdin === undefined || stdout === undefined || stderr === undefined || terminal === undefined)
    return { why: "stdin, stdout, stderr and tty are true or false" };
  const container = seen.get("container") ?? "";
  // Which container it would be is the server's guess otherwise.
  if (container === "") return { why: "the container must be named" };
  if (argv.length === 0) return { why: "there is no command" };
  return { container, argv, stdin, stdout, stderr, terminal };
}

/** Whether a pod is one that is granted: undefined, or why not. */
export function judgePod(
  scope: PodsScope,
  request: ResourceRequest,
  pod: PodFacts | undefined,
): Objection | undefined {
  if (request.namespace === undefined || !grantsNamespace(scope, request.namespace))
    return notGranted(`namespace ${request.namespace ?? "(none)"} is not granted`);
  const { name = "" } = request;
  if (scope.names !== undefined && !scope.names.some((pattern) => nameMatches(pattern, name)))
    return notGranted(`pod ${name} is not granted`);
  if (scope.pods === undefined) return undefined;
  if (pod === undefined) return wrong(`pod ${name} is not known to the cluster`);
  for (const [key, value] of Object.entries(scope.pods))
    if (!Object.hasOwn(pod.labels, key) || pod.labels[key] !== value)
      return notGranted(`pod ${name} does not have the label ${key}=${value}`);
  return undefined;
}

/** The command that is granted, or why it is not. */
export function judgeExec(
  scope: ExecScope,
  request: ResourceRequest,
  pod: PodFacts | undefined,
): ExecRequest | Objection {
  const wrongPod = judgePod(scope, request, pod);
  if (wrongPod !== undefined) return wrongPod;
  const { exec } = request;
  if (exec === undefined) return wrong("there is no command");
  if ("why" in exec) return wrong(exec.why);
  if (scope.containers !== undefined && !scope.containers.includes(exec.container))
    return notGranted(`container ${exec.container.slice(0, 63)} is not granted`);
  if (exec.stdin && !scope.stdin) return notGranted("standard input is not granted");
  if (exec.terminal && !scope.terminal) return notGranted("a terminal is not granted");
  if (scope.commands.some((command) => commandMatches(command, exec.argv))) return exec;
  return notGranted(`the command ${JSON.stringify(exec.argv).slice(0, 200)} is not granted`);
}
