import * as z from "zod";
import { connectionInput, grantInput } from "./inputs.ts";
import { nameInput, pathOf } from "./kubernetes.ts";
import { doorsOf } from "./sql.ts";
import { type Tool, tool } from "./tool.ts";
import { mostBytes, refusalIn, upstreamErrorOf } from "./web.ts";

/** Runs one command in a pod. */
export const kubernetesExec: Tool = tool({
  name: "kubernetes_exec",
  title: "Run one command in a pod",
  description:
    "Runs one command in a container under your active grant on a Kubernetes connection, and answers with what it wrote and its exit code. The command is an argument list, judged element by element: " +
    "there is no shell unless the grant names one, no standard input and no terminal. What is refused says which rule refused and what to ask for instead. The command is recorded with its output.",
  input: z.strictObject({
    connection: connectionInput,
    grant: grantInput,
    namespace: nameInput,
    pod: nameInput,
    container: nameInput.describe("Which of the pod's containers"),
    command: z
      .array(z.string().max(4096))
      .min(1)
      .max(64)
      .describe('Program and arguments, for example ["ls", "-l", "/var/log"]'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  async run({ connection, grant, namespace, pod, container, command }, call) {
    const { bearer, address, signal } = call;
    const parameters = [
      ["container", container],
      ["stdout", "true"],
      ["stderr", "true"],
      ...command.map((argument) => ["command", argument]),
    ];
    const query = parameters
      .map(([name = "", value = ""]) => `${name}=${encodeURIComponent(value)}`)
      .join("&");
    const result = await doorsOf(call).exec({
      bearer,
      connection,
      address,
      signal,
      ...(grant === undefined ? {} : { grant }),
      path: `${pathOf("pods", namespace, pod)}/exec?${query}`,
      bytes: mostBytes,
    });
    if ("status" in result) throw refusalIn(result, call, connection) ?? upstreamErrorOf(result);
    const { stdout, stderr, exitCode, why, cut } = result;
    return {
      ...(exitCode === undefined ? {} : { exit_code: exitCode }),
      ...(why === undefined ? {} : { why }),
      stdout: stdout.toString(),
      stderr: stderr.toString(),
      ...(cut
        ? { truncated: true, next: "the output was too long, and the command was ended: ask for less" }
        : {}),
    };
  },
});
