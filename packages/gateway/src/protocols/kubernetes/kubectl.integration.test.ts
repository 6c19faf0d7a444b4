// tier: gate
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { type KubernetesStandIn, startKubernetesStandIn } from "@mayfly/kubernetes-stand-in";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bearer, grant, type Rig, startRig } from "./testing/rig.ts";

let cluster: KubernetesStandIn;
let rig: Rig;
let folder: string;
const children = new Set<ChildProcess>();

const scopes = {
  read: { resources: ["pods", "pods/log"], verbs: ["get", "list", "watch"], namespaces: ["shop"] },
  "read-secrets": {
    resources: ["secrets"],
    verbs: ["get"],
    namespaces: ["shop"],
    mask: { secrets: ["data"] },
  },
  configure: {
    resources: ["configmaps"],
    verbs: ["get", "create", "patch"],
    namespaces: ["shop"],
    names: ["app"],
  },
  create: { resources: ["configmaps"], verbs: ["create"], namespaces: ["shop"] },
  look: {
    exec: {
      namespaces: ["shop"],
      pods: { app: "shop" },
      commands: [
        ["ls", "*"],
        ["cat", "/var/log/*"],
        ["sh", "-c", "exit 3"],
        ["tar", "cf", "-", "/var/log/app.log"],
      ],
    },
  },
  work: {
    exec: {
      namespaces: ["shop"],
      names: ["work-*"],
      commands: [["cat"], ["sh"], ["sleep", "*"]],
      stdin: true,
      terminal: true,
    },
  },
  forward: { port_forward: { namespaces: ["shop"], pods: { app: "shop" }, ports: [18_991] } },
};

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-kubectl-"));
  cluster = await startKubernetesStandIn();
  const counts = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.2; done"];
  cluster.addPod({ namespace: "shop", name: "web-1", labels: { app: "shop" }, command: counts });
  cluster.addPod({ namespace: "shop", name: "work-1", labels: { app: "work" } });
  cluster.add("secrets", "shop", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "stripe" },
    data: { key: Buffer.from("sk_live_1").toString("base64") },
  });
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rig?.close();
  await cluster?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await rig?.close();
  rig = await startRig(cluster, scopes, { impersonate: { user: "mayfly:{grant}" } });
  const data = (pem: string): string => Buffer.from(pem).toString("base64");
  writeFileSync(
    path.join(folder, "config"),
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "mayfly",
      contexts: [{ name: "mayfly", context: { cluster: "mayfly", user: "mayfly", namespace: "shop" } }],
      clusters: [
        { name: "mayfly", cluster: { server: rig.url, "certificate-authority-data": data(rig.ca) } },
      ],
      users: [{ name: "mayfly", user: { token: bearer } }],
    }),
  );
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly over: Promise<Ran>;
}

/** Starts the real kubectl. @param websockets as KUBECTL_REMOTE_COMMAND_WEBSOCKETS says */
function start(
  args: readonly string[],
  websockets = true,
  program: readonly string[] = ["kubectl"],
): Started {
  const [command = "", ...first] = program;
  const child = spawn(command, [...first, ...args], {
    env: {
      ...process.env,
      HOME: folder,
      KUBECONFIG: path.join(folder, "config"),
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(websockets),
      KUBECTL_PORT_FORWARD_WEBSOCKETS: String(websockets),
    },
  });
  children.add(child);
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdin.on("error", () => undefined);
  const over = new Promise<Ran>((resolve) => {
    child.once("close", (code) => {
      children.delete(child);
      resolve({ code, out, err });
    });
  });
  return { child, out: () => out, err: () => err, over };
}

function kubectl(args: readonly string[], websockets = true, input = ""): Promise<Ran> {
  const started = start(args, websockets);
  started.child.stdin?.end(input);
  return started.over;
}

/** What an outcome's recording holds, its parts joined. */
function recorded(which: "output" | "input"): string {
  const outcome = rig.records("act.outcome").find(({ more }) => (more as { recording?: unknown })?.recording);
  const more = outcome?.["more"] as
    | { recording: Record<string, { parts: { payload: string }[] } | undefined> }
    | undefined;
  return (more?.recording[which]?.parts ?? [])
    .map(({ payload }) => rig.world.log.payloads.get(payload)?.toString("utf8") ?? "")
    .join("");
}

describe("kubectl through the gateway", { timeout: 60_000 }, () => {
  it("gets and describes what is granted, as the agent's own user", async () => {
    const got = await kubectl(["get", "pods"]);
    expect(got).toMatchObject({ code: 0, err: "" });
    expect(got.out).toMatch(/web-1\s+1\/1\s+Running/);
    const described = await kubectl(["describe", "pod", "web-1"]);
    expect(described.out).toMatch(/Name:\s+web-1/);
    const last = cluster.seen.findLast(({ url }) => url.startsWith("/api/v1/namespaces/shop/pods"));
    expect(last?.headers).toMatchObject({
      authorization: `Bearer ${cluster.token}`,
      "impersonate-user": `mayfly:${grant}`,
    });
  });

  it("prints denials: what was refused, by which rule, and how to ask", async () => {
    const refused = await kubectl(["get", "secrets"]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("list on secrets is not granted");
    expect(refused.err).toContain("hint: this grant covers");
    const elsewhere = await kubectl(["get", "pods", "-n", "kube-system"]);
    expect(elsewhere.err).toContain("namespace kube-system is not granted");
  });

  it("sees secrets without their values", async () => {
    const got = await kubectl(["get", "secret", "stripe", "-o", "json"]);
    expect(got.code).toBe(0);
    expect(got.out).toContain("stripe");
    expect(got.out).not.toContain(Buffer.from("sk_live_1").toString("base64"));
    // kubectl asks for a table, and prints the object that it is given instead.
    const printed = await kubectl(["get", "secret", "stripe"]);
    expect(printed.code).toBe(0);
    expect(printed.out).toMatch(/NAME[^]*stripe/);
    expect(printed.out).not.toContain("sk_live_1");
  });

  it("follows logs, and watches, until the grant ends", async () => {
    const logs = start(["logs", "-f", "web-1", "-c", "app"]);
    const watch = start(["get", "pods", "-w"]);
    await expect.poll(logs.out, { timeout: 20_000 }).toMatch(/line \d+\n.*line \d+\n/s);
    await expect.poll(watch.out, { timeout: 20_000 }).toContain("web-1");
    rig.world.end(grant, { state: "expired", words: "grant expired after 5m" });
    await logs.over;
    watch.child.kill();
    await watch.over;
    await expect
      .poll(() => rig.records("act.outcome").filter(({ error }) => error === "grant_ended").length)
      .toBeGreaterThanOrEqual(2);
  });

  it("applies what may be created, and nothing else", async () => {
    const file = path.join(folder, "app.json");
    const manifest = (name: string): string =>
      JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { a: "1" } });
    writeFileSync(file, manifest("app"));
    expect(await kubectl(["apply", "-f", file])).toMatchObject({ code: 0, out: "configmap/app created\n" });
    writeFileSync(file, manifest("app").replace('"1"', '"2"'));
    expect(await kubectl(["apply", "-f", file])).toMatchObject({
      code: 0,
      out: "configmap/app configured\n",
    });
    writeFileSync(file, manifest("other"));
    expect(await kubectl(["apply", "-f", file])).toMatchObject({ code: 1 });
  });

  /** ctr, which runs the stand-in's commands, now and then ends before it has copied what a short one wrote. */
  const mayLoseOutput = { retry: 2 };

  describe.each([
    ["WebSocket", true],
    ["SPDY/3.1", false],
  ])("over %s", (_, websockets) => {
    it("runs a command that is granted, and records what it wrote", mayLoseOutput, async () => {
      const ran = await kubectl(["exec", "web-1", "-c", "app", "--", "cat", "/var/log/app.log"], websockets);
      expect(ran).toEqual({ code: 0, out: "order 7 paid\norder 8 refunded\n", err: "" });
      await expect
        .poll(() => rig.records("act.outcome").find(({ more }) => (more as object) !== undefined))
        .toMatchObject({ status: 0, bytes: 30 });
      const [intent] = rig.records("act.intent").filter(({ act }) => (act as { argv?: unknown }).argv);
      expect(intent?.["act"]).toMatchObject({
        argv: ["cat", "/var/log/app.log"],
        container: "app",
        name: "web-1",
        namespace: "shop",
        subresource: "exec",
      });
      const [header = "", event = ""] = recorded("output").split("\n");
      expect(JSON.parse(header)).toMatchObject({ version: 2, width: 80, height: 24 });
      expect(JSON.parse(event)).toEqual([expect.any(Number), "o", "order 7 paid\norder 8 refunded\n"]);
    });

    it("brings a command's exit code", async () => {
      const ran = await kubectl(["exec", "web-1", "-c", "app", "--", "sh", "-c", "exit 3"], websockets);
      expect(ran.code).toBe(3);
      await expect.poll(() => rig.records("act.outcome").some(({ status }) => status === 3)).toBe(true);
    });

    it("refuses commands, containers, pods, input and terminals that are not granted", async () => {
      const refused = async (args: readonly string[], why: string): Promise<void> => {
        const ran = await kubectl(["exec", ...args], websockets, "x");
        expect(ran.code).toBe(1);
        expect(ran.err).toContain(why);
      };
      const before = cluster.processes("shop", "web-1");
      await refused(["web-1", "-c", "app", "--", "rm", "-rf", "/tmp"], "is not granted");
      await refused(["web-1", "-c", "app", "--", "ls", "/a", "/b"], "is not granted");
      await refused(["web-1", "-i", "-c", "app", "--", "ls", "/"], "standard input is not granted");
      await refused(["work-1", "-c", "app", "--", "ls", "/"], "does not have the label app=shop");
      expect(cluster.processes("shop", "web-1")).toBeLessThanOrEqual(before + 1);
      expect(cluster.seen.filter(({ url }) => /command=(rm|%2Fa)(&|$)/.test(url))).toEqual([]);
    });

    it("carries input, and keeps it apart", mayLoseOutput, async () => {
      const ran = await kubectl(["exec", "-i", "work-1", "-c", "app", "--", "cat"], websockets, "typed\n");
      expect(ran).toEqual({ code: 0, out: "typed\n", err: "" });
      await expect.poll(() => rig.records("act.outcome").some(({ more }) => more !== undefined)).toBe(true);
      expect(recorded("input")).toContain('"i","typed\\n"');
      expect(recorded("output")).not.toContain('"i"');
    });

    it("gives a terminal, and takes it and its command away at the grant's end", async () => {
      const shell = start(
        ["kubectl exec -it work-1 -c app -- sh", "/dev/null"],
        websockets,
        // kubectl wants a terminal of its own to give one.
        ["script", "-qefc"],
      );
      await expect.poll(shell.out, { timeout: 20_000 }).toContain("#");
      shell.child.stdin?.write("echo $((40+2)); sleep 1000\n");
      await expect.poll(shell.out, { timeout: 20_000 }).toContain("42");
      await expect.poll(() => cluster.processes("shop", "work-1")).toBeGreaterThanOrEqual(2);
      rig.world.end(grant, { state: "revoked", words: "grant revoked by ops" } as never);
      const { out } = await shell.over;
      expect(out).toContain("grant revoked by ops");
      await expect.poll(() => cluster.processes("shop", "work-1"), { timeout: 20_000 }).toBe(1);
      await expect
        .poll(() => rig.records("act.outcome").some(({ error }) => error === "grant_ended"))
        .toBe(true);
    });

    it("ends a command without a terminal too", async () => {
      const sleeping = start(["exec", "-i", "work-1", "-c", "app", "--", "sleep", "1000"], websockets);
      await expect.poll(() => cluster.processes("shop", "work-1"), { timeout: 20_000 }).toBe(2);
      rig.world.end(grant, { state: "expired", words: "grant expired after 5m" });
      const { err, code } = await sleeping.over;
      expect(code).not.toBe(0);
      expect(err).toContain("grant expired after 5m");
      await expect.poll(() => cluster.processes("shop", "work-1"), { timeout: 20_000 }).toBe(1);
    });

    it("copies out where tar is granted", mayLoseOutput, async () => {
      const to = path.join(folder, `copied-${String(websockets)}`);
      const out = await kubectl(["cp", "-c", "app", "shop/web-1:/var/log/app.log", to], websockets);
      expect(out.code).toBe(0);
      expect(readFileSync(to, "utf8")).toContain("order 8");
    });

    it("copies nothing in where tar is granted for copying out", async () => {
      const from = path.join(folder, `to-copy-${String(websockets)}`);
      writeFileSync(from, "order 9\n");
      const into = await kubectl(["cp", "-c", "app", from, "shop/web-1:/tmp/x"], websockets);
      expect(into.code).toBe(1);
      expect(into.err).toContain("is not granted");
    });

    it("forwards the ports that are granted, and no other", async () => {
      const echo = createServer((socket) => socket.pipe(socket)).listen(18_991, "127.0.0.1");
      try {
        const forward = start(["port-forward", "web-1", "18992:18991", "18993:18994"], websockets);
        await expect.poll(forward.out, { timeout: 20_000 }).toContain("18994");
        const through = spawn("busybox", ["nc", "127.0.0.1", "18992"]);
        let answer = "";
        through.stdout.on("data", (text) => (answer += String(text)));
        through.stdin.write("hello pod\n");
        await expect.poll(() => answer, { timeout: 20_000 }).toBe("hello pod\n");
        through.kill();
        const other = spawn("busybox", ["nc", "127.0.0.1", "18993"]);
        await expect.poll(() => rig.records("act.denied").length, { timeout: 20_000 }).toBe(1);
        expect(rig.records("act.denied")[0]).toMatchObject({ act: { port: 18_994 } });
        other.kill();
        forward.child.kill();
        await forward.over;
        expect(rig.records("act.intent").some(({ act }) => (act as { port?: number }).port === 18_991)).toBe(
          true,
        );
      } finally {
        echo.close();
      }
    });
  });

  it("closes the stream when the pod is no longer the one that was checked", async () => {
    cluster.addPod({ namespace: "shop", name: "web-2", labels: { app: "shop" } });
    cluster.beforeStream = () => {
      cluster.remove("pods", "shop", "web-2");
      cluster.add("pods", "shop", {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "web-2", labels: { app: "shop" } },
        spec: { containers: [{ name: "app" }] },
      });
    };
    try {
      const ran = await kubectl(["exec", "web-2", "-c", "app", "--", "ls", "/"]);
      expect(ran.code).toBe(1);
      expect(ran.out).toBe("");
      expect(ran.err).toContain("no longer the one that was checked");
      await expect
        .poll(() => rig.records("act.outcome").some(({ error }) => error === "pod_changed"))
        .toBe(true);
    } finally {
      cluster.beforeStream = undefined;
    }
  });

  it("prints the cluster's own refusal", async () => {
    const ran = await kubectl(["exec", "web-1", "-c", "none", "--", "ls", "/"]);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/container/);
  });
});
