// tier: full
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "@mayfly/testing/gateway.ts";
import { type Ran, runMayflyd } from "@mayfly/testing/run-mayflyd.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";

// What was done at a cluster, as `mayflyd inventory` reads it out of the cluster's audit log.

let folder = "";
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), "mayfly-inventory-kubernetes-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inventory = (...given: string[]): Promise<Ran> =>
  runMayflyd(["inventory", "--connection", "prod-cluster", ...given]);

let files = 0;
function fileOf(content: string | Uint8Array, name = "audit.log"): string {
  files += 1;
  const file = path.join(folder, `${files}.${name}`);
  writeFileSync(file, content);
  return file;
}

/** What no command may say: values. */
const marker = "hunter2";
const shop = "/api/v1/namespaces/shop";

interface Request {
  readonly verb: string;
  readonly uri: string;
  readonly code?: number;
  readonly stages?: readonly string[];
  readonly body?: object;
  readonly by?: string;
}
const requests: readonly Request[] = [
  { verb: "get", uri: "/api/v1?timeout=32s" },
  { verb: "list", uri: `${shop}/pods?labelSelector=token%3D${marker}` },
  { verb: "get", uri: `${shop}/pods/web-6d4cf56db6-x2x9p/log?tailLines=5` },
  { verb: "watch", uri: `${shop}/pods?watch=true`, stages: ["RequestReceived", "ResponseStarted"] },
  {
    verb: "get",
    uri: `${shop}/pods/web-6d4cf56db6-x2x9p/exec?command=cat&command=%2Fvar%2Flog%2Fapp-2026-12-02.log&container=app&stdout=true`,
    code: 101,
    stages: ["RequestReceived", "ResponseStarted", "ResponseComplete"],
  },
  {
    verb: "update",
    uri: `${shop}/configmaps/app`,
    body: { metadata: { name: "app" }, data: { password: marker } },
  },
  { verb: "delete", uri: `${shop}/configmaps/app`, code: 404 },
  { verb: "list", uri: "/apis/coordination.k8s.io/v1/leases", by: "system:node:a" },
];
const log = (all: readonly Request[]): string =>
  all
    .flatMap(
      ({ verb, uri, code = 200, stages = ["RequestReceived", "ResponseComplete"], body, by = "bot" }, at) =>
        stages.map((stage) => ({
          kind: "Event",
          apiVersion: "audit.k8s.io/v1",
          level: body === undefined ? "Metadata" : "Request",
          auditID: `00000000-0000-4000-8000-00000000000${at}`,
          stage,
          requestURI: uri,
          verb,
          user: { username: by, groups: ["system:authenticated"] },
          sourceIPs: ["10.0.0.7"],
          ...(stage === "RequestReceived" ? {} : { responseStatus: { metadata: {}, code } }),
          ...(body === undefined ? {} : { requestObject: body }),
          requestReceivedTimestamp: "2026-12-02T09:14:03.000000Z",
          stageTimestamp: "2026-12-02T09:14:03.000100Z",
        })),
    )
    .map((event) => `${JSON.stringify(event)}\n`)
    .join("");

const example = path.join(root, "examples/kubernetes.yaml");
/** A configuration whose connection is what an inventory printed. */
function configured(printed: string): string {
  const { connections: _, ...rest } = parse(readFileSync(example, "utf8")) as Record<string, unknown>;
  const { connections } = parse(printed) as { connections: unknown };
  return fileOf(stringify({ ...rest, connections, policies: [] }), "mayfly.yaml");
}

test("is proposed as a configuration that passes, and that covers it", async () => {
  const file = fileOf(log(requests));
  const proposed = await inventory(file);
  expect([proposed.code, proposed.stderr]).toEqual([
    0,
    "mayflyd: 7 requests counted; 1 failed or was refused\n",
  ]);
  const { connections } = parse(proposed.stdout) as {
    connections: { "prod-cluster": { operations: Record<string, unknown> } };
  };
  expect(Object.keys(connections["prod-cluster"].operations).toSorted()).toEqual([
    "change-configmap-app",
    "read-pod-logs",
    "read-pods",
    "run-cat-in-web",
  ]);
  expect(proposed.stdout).toContain("- [cat, /var/log/app-*.log]");
  expect(proposed.stdout).toContain("# Not proposed: the cluster's own components did it");
  expect(proposed.stdout).toContain(
    "# 1 request beside these needs no operation of its own: which resources there are.",
  );
  const configuration = configured(proposed.stdout);
  const [checked, covered, unused] = await Promise.all([
    runMayflyd(["check", configuration]),
    inventory("-c", configuration, "--check", "--by", "bot", file),
    inventory("-c", configuration, "--unused", "--by", "bot", file),
  ]);
  expect(checked.code).toBe(0);
  expect([covered.code, covered.stdout]).toEqual([
    0,
    "prod-cluster: 6 requests, 6 covered, 0 refused (0.00 %)\n",
  ]);
  expect([unused.code, unused.stdout.match(/: all of it was used$/gmu)?.length]).toEqual([0, 4]);
  for (const { stdout, stderr } of [proposed, covered, unused]) expect(stdout + stderr).not.toContain(marker);
});

test("is the same packed and from standard input", async () => {
  const [whole, packed, piped] = await Promise.all([
    inventory(fileOf(log(requests))),
    inventory(fileOf(gzipSync(log(requests)))),
    runMayflyd(["inventory", "--connection", "prod-cluster", "-"], log(requests)),
  ]);
  expect(whole.code).toBe(0);
  for (const other of [packed, piped]) expect(other).toEqual(whole);
});

test("what a configuration would refuse is told by rule", async () => {
  const checked = await inventory("-c", example, "--check", "--by", "bot", fileOf(log(requests)));
  expect(checked.code).toBe(3);
  expect(checked.stdout).toContain("prod-cluster: 6 requests, 5 covered, 1 refused (16.67 %)");
  expect(checked.stdout).toContain("refused: no operation has kubectl replace configmaps app -n shop");
});

test("a line that is cut counts as unread", async () => {
  const cut = log(requests).slice(0, -40);
  const { code, stderr } = await inventory(fileOf(cut));
  expect(code).toBe(3);
  expect(stderr).toContain("1 could not be read");
});

test.each([
  [["--schema", example], "--schema is not for kubernetes"],
  [["--host", "a.example"], "--host is not for kubernetes"],
  [["--database", "shop"], "--database is not for kubernetes"],
])("%j is refused", async (options, message) => {
  const { code, stdout, stderr } = await inventory(...options, fileOf(log(requests)));
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(message);
});

test("where nothing counts, the hint names options that there are", async () => {
  const { code, stderr } = await inventory("--by", "somebody", fileOf(log(requests)));
  expect(code).toBe(3);
  expect(stderr).toContain(
    "hint: the sources hold what others did, or what was done at other times: look at --by and --since\n",
  );
});
