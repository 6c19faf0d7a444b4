// tier: gate
import { type KubernetesStandIn, startKubernetesStandIn } from "@mayfly/kubernetes-stand-in";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { UpgradeResult } from "../../../gate/tools/loopback.ts";
import { createLoopbackClients } from "../../../main/loopback-clients/clients.ts";
import { bearer, type Rig, startRig } from "../testing/rig.ts";
import { exec, type ExecResult } from "./exec.ts";

let cluster: KubernetesStandIn;
let rig: Rig;

beforeAll(async () => {
  cluster = await startKubernetesStandIn();
  cluster.addPod({ namespace: "shop", name: "web-1", labels: { app: "shop" } });
  rig = await startRig(cluster, {
    look: {
      exec: {
        namespaces: ["shop"],
        pods: { app: "shop" },
        commands: [
          ["echo", "*"],
          ["sh", "-c", "echo no >&2; exit 3"],
          ["sh", "-c", "while :; do echo more; done"],
        ],
      },
    },
  });
});
afterAll(async () => {
  await rig.close();
  await cluster.close();
});

async function run(...command: readonly string[]): Promise<UpgradeResult<ExecResult>> {
  const given = command.map((each) => `&command=${encodeURIComponent(each)}`).join("");
  const clients = createLoopbackClients({
    router: rig.router,
    url: new URL(rig.url).origin,
    certificate: () => "",
    serve: () => undefined,
  });
  const signal = new AbortController().signal;
  const caller = { bearer, principal: "agent", address: "10.1.2.3", signal };
  return clients.lend("kubernetes", caller, (loopback) =>
    exec(loopback, {
      connection: "prod",
      path: `/api/v1/namespaces/shop/pods/web-1/exec?container=app&stdout=true&stderr=true${given}`,
      bytes: 10_000,
    }),
  );
}

async function resultOf(...command: readonly string[]): Promise<ExecResult> {
  const ran = await run(...command);
  if (ran.kind === "answer") throw new Error(`refused with ${ran.answer.status}`);
  return ran.result;
}

describe("a command of a tool, in a real container", () => {
  // ctr, which runs the stand-in's commands, now and then ends before it has copied what a short one wrote.
  it("gives what it wrote and its exit code, and is recorded as every other", { retry: 2 }, async () => {
    const ran = await resultOf("echo", "hello");
    expect({ ...ran, stdout: String(ran.stdout), stderr: String(ran.stderr) }).toEqual({
      stdout: "hello\n",
      stderr: "",
      exitCode: 0,
      cut: false,
    });
    expect(rig.records("session.opened").at(-1)).toMatchObject({
      address: "10.1.2.3",
      software: "mayfly-mcp",
      tls: true,
    });
    const failed = await resultOf("sh", "-c", "echo no >&2; exit 3");
    expect([String(failed.stderr), failed.exitCode]).toEqual(["no\n", 3]);
  });

  it("is refused where it is not granted", async () => {
    expect(await run("cat", "/etc/passwd")).toMatchObject({ kind: "answer", answer: { status: 403 } });
  });

  it("is ended when it writes more than is read", async () => {
    const ran = await resultOf("sh", "-c", "while :; do echo more; done");
    expect([ran.cut, ran.stdout.length, ran.exitCode]).toEqual([true, 10_000, undefined]);
    await expect.poll(() => rig.records("session.closed").length).toBeGreaterThan(2);
  });
});
