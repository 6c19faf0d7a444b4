// tier: full
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type KubernetesObject,
  type KubernetesStandIn,
  startKubernetesStandIn,
} from "@mayfly/kubernetes-stand-in";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bearer, type Rig, startRig } from "./testing/rig.ts";

// What people do with kubectl every day, on a workload that may be changed, and on one that may not.

let cluster: KubernetesStandIn;
let rig: Rig;
let folder: string;

const scopes = {
  deploy: {
    resources: ["deployments.apps", "deployments.apps/scale", "namespaces"],
    verbs: ["get", "list", "create", "update", "patch"],
    namespaces: ["shop"],
    cluster: true,
  },
};

const deployment = (name: string, spec: object = {}): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, labels: { app: name } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [
          { name: "app", image: "shop/web:1", env: [{ name: "A", value: "1" }] },
          { name: "proxy", image: "shop/proxy:1" },
        ],
        ...spec,
      },
    },
  },
});

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-kubectl-write-"));
  cluster = await startKubernetesStandIn();
});
afterAll(async () => {
  await rig?.close();
  await cluster?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await rig?.close();
  rig = await startRig(cluster, scopes);
  cluster.add("deployments", "shop", deployment("web"));
  cluster.add("deployments", "shop", deployment("node-agent", { hostNetwork: true }));
  cluster.add("namespaces", "", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop", labels: { "pod-security.kubernetes.io/enforce": "baseline" } },
  });
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

function kubectl(...args: readonly string[]): Promise<Ran> {
  const child = spawn("kubectl", args, {
    env: {
      ...process.env,
      HOME: folder,
      KUBECONFIG: path.join(folder, "config"),
      KUBE_EDITOR: "sed -i s,shop/web:1,shop/web:2,",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

interface Template {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly Record<string, unknown>[] } };
  };
}

/** What the cluster keeps. */
async function kept(name: string): Promise<KubernetesObject & Template> {
  const got = await kubectl("get", "deployment", name, "-o", "json");
  return JSON.parse(got.out) as KubernetesObject & Template;
}

function written(name: string, object: object): string {
  const file = path.join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(object));
  return file;
}

const two = (): object => {
  const changed = structuredClone(deployment("web")) as unknown as { spec: { replicas: number } };
  changed.spec.replicas = 2;
  return changed;
};

describe("kubectl", { timeout: 60_000 }, () => {
  it.each<[string, readonly string[], (web: KubernetesObject & Template) => unknown, unknown]>([
    [
      "set image",
      ["set", "image", "deployment/web", "app=shop/web:2"],
      ({ spec }) => spec.template.spec.containers.map(({ image }) => image),
      ["shop/web:2", "shop/proxy:1"],
    ],
    [
      "edit",
      ["edit", "deployment/web"],
      ({ spec }) => spec.template.spec.containers.map(({ image }) => image),
      ["shop/web:2", "shop/proxy:1"],
    ],
    [
      "set env",
      ["set", "env", "deployment/web", "-c", "app", "B=2", "A-"],
      ({ spec }) => spec.template.spec.containers[0]?.["env"],
      [{ name: "B", value: "2" }],
    ],
    [
      "label",
      ["--request-timeout=30s", "label", "deployment/web", "team=a", "app-"],
      ({ metadata }) => metadata.labels,
      { team: "a" },
    ],
    [
      "annotate",
      ["annotate", "deployment/web", "note=a b"],
      ({ metadata }) => metadata.annotations,
      { note: "a b" },
    ],
    [
      "patch, strategic",
      [
        "patch",
        "deployment/web",
        "-p",
        '{"spec":{"template":{"spec":{"containers":[{"$patch":"delete","name":"proxy"}]}}}}',
      ],
      ({ spec }) => spec.template.spec.containers.map(({ name }) => name),
      ["app"],
    ],
    [
      "patch, merge",
      ["patch", "deployment/web", "--type=merge", "-p", '{"spec":{"replicas":5}}'],
      ({ spec }) => spec.replicas,
      5,
    ],
    ["scale", ["scale", "deployment/web", "--replicas=4"], ({ spec }) => spec.replicas, 4],
    [
      "scale, where it has so many now",
      ["scale", "deployment/web", "--current-replicas=1", "--replicas=6"],
      ({ spec }) => spec.replicas,
      6,
    ],
    [
      "patch, JSON",
      [
        "patch",
        "deployment/web",
        "--type=json",
        "-p",
        '[{"op":"test","path":"/spec/replicas","value":1},{"op":"copy","from":"/metadata/labels/app","path":"/metadata/labels/copied"}]',
      ],
      ({ metadata }) => metadata.labels,
      { app: "web", copied: "web" },
    ],
  ])("%s changes what may be changed", async (_, args, of, expected) => {
    const ran = await kubectl(...args);
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(of(await kept("web"))).toEqual(expected);
  });

  it.each([[[]], [["--server-side", "--force-conflicts"]]])("apply %j changes it too", async (options) => {
    const ran = await kubectl("apply", ...options, "-f", written("web", two()));
    expect(ran.code).toBe(0);
    expect((await kept("web")).spec.replicas).toBe(2);
    const created = await kubectl(
      "apply",
      ...options,
      "-f",
      written("new", deployment(`new${options.length}`)),
    );
    expect(created.code).toBe(0);
  });

  it("replace does, and create makes what is not there", async () => {
    expect((await kubectl("replace", "-f", written("web", two()))).code).toBe(0);
    expect((await kept("web")).spec.replicas).toBe(2);
    expect((await kubectl("create", "-f", written("other", deployment("other")))).code).toBe(0);
  });

  it("that makes an object of its arguments sends no JSON, and is told how to", async () => {
    const made = ["create", "namespace", "fresh"];
    const refused = await kubectl(...made);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("--dry-run=client -o json")]);
    const { out } = await kubectl(...made, "--dry-run=client", "-o", "json");
    const created = await kubectl("create", "-f", written("fresh", JSON.parse(out) as object));
    expect(created).toMatchObject({ code: 0, err: "" });
  });

  it("labels a workload of the node, and changes nothing that runs with the node's rights", async () => {
    expect((await kubectl("label", "deployment/node-agent", "team=a")).code).toBe(0);
    expect((await kubectl("patch", "deployment/node-agent", "-p", '{"spec":{"replicas":3}}')).code).toBe(0);
    for (const args of [
      ["set", "image", "deployment/node-agent", "app=shop/other:1"],
      ["apply", "--server-side", "-f", written("agent", deployment("node-agent"))],
    ]) {
      const ran = await kubectl(...args);
      expect(ran.code).toBe(1);
      expect(ran.err).toContain("hostNetwork: the Pod Security Standards' baseline forbids it");
    }
    expect((await kept("node-agent")).spec.template.spec.containers[0]?.["image"]).toBe("shop/web:1");
  });

  it("leaves a namespace its pod security, whatever is tried", async () => {
    expect((await kubectl("label", "namespace/shop", "team=a")).code).toBe(0);
    const enforce = "pod-security.kubernetes.io/enforce";
    for (const args of [
      ["label", "namespace/shop", `${enforce}-`],
      ["label", "--overwrite", "namespace/shop", `${enforce}=privileged`],
      ["patch", "namespace/shop", "--type=json", "-p", '[{"op":"add","path":"/metadata/labels","value":{}}]'],
      ["patch", "namespace/shop", "-p", '{"metadata":{"labels":{"$retainKeys":["team"],"team":"a"}}}'],
      ["replace", "-f", written("ns", { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } })],
    ]) {
      const ran = await kubectl(...args);
      expect([args, ran.code, ran.err]).toEqual([args, 1, expect.stringContaining("operator's to say")]);
    }
  });

  it("is told of what is not there, and of a test that fails, as the cluster tells it", async () => {
    const missing = await kubectl("patch", "deployment/none", "-p", "{}");
    expect(missing.err).toContain("NotFound");
    const steps = '[{"op":"test","path":"/spec/replicas","value":9}]';
    const failing = await kubectl("patch", "deployment/web", "--type=json", "-p", steps);
    expect(failing.err).toContain("a test of the patch fails");
  });
});
