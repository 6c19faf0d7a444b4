import * as z from "zod";
import { MAX_ANSWER_BYTES, refusalIn, upstreamErrorOf } from "../../../gate/tools/answers.ts";
import { connectionInput, grantInput } from "../../../gate/tools/inputs.ts";
import { type Tool, tool } from "../../../gate/tools/tool.ts";
import { exec } from "./exec.ts";
import { nameInput, pathOf } from "./read.ts";

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
    const parameters = [
      ["container", container],
      ["stdout", "true"],
      ["stderr", "true"],
      ...command.map((argument) => ["command", argument]),
    ];
    const query = parameters
      .map(([name = "", value = ""]) => `${name}=${encodeURIComponent(value)}`)
      .join("&");
    const ran = await exec(call.loopback, {
      connection,
      grant,
      path: `${pathOf("pods", namespace, pod)}/exec?${query}`,
      bytes: MAX_ANSWER_BYTES,
    });
    if (ran.kind === "answer") throw refusalIn(ran.answer, call, connection) ?? upstreamErrorOf(ran.answer);
    const { stdout, stderr, exitCode, why, cut } = ran.result;
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
