import { type KubernetesStandIn, startKubernetesStandIn } from "@mayfly/kubernetes-stand-in";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExecResult } from "../../api/mcp/doors.ts";
import { bearer, type Rig, startRig } from "../../protocols/kubernetes/testing/rig.ts";
import { createExecDoor } from "./exec.ts";

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

async function exec(...command: readonly string[]): ReturnType<ReturnType<typeof createExecDoor>> {
  const given = command.map((each) => `&command=${encodeURIComponent(each)}`).join("");
  return createExecDoor(
    rig.front,
    new URL(rig.url).origin,
  )({
    bearer,
    principal: "agent",
    connection: "prod",
    address: "10.1.2.3",
    signal: new AbortController().signal,
    path: `/api/v1/namespaces/shop/pods/web-1/exec?container=app&stdout=true&stderr=true${given}`,
    bytes: 10_000,
  });
}

describe("a command through the door for tools, in a real container", () => {
  it("gives what it wrote and its exit code, and is recorded as every other", async () => {
    const ran = (await exec("echo", "hello")) as ExecResult;
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
    const failed = (await exec("sh", "-c", "echo no >&2; exit 3")) as ExecResult;
    expect([String(failed.stderr), failed.exitCode]).toEqual(["no\n", 3]);
  });

  it("is refused where it is not granted", async () => {
    expect(await exec("cat", "/etc/passwd")).toMatchObject({ status: 403 });
  });

  it("is ended when it writes more than is read", async () => {
    const ran = (await exec("sh", "-c", "while :; do echo more; done")) as ExecResult;
    expect([ran.cut, ran.stdout.length, ran.exitCode]).toEqual([true, 10_000, undefined]);
    await expect.poll(() => rig.records("session.closed").length).toBeGreaterThan(2);
  });
});
