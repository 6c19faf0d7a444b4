// tier: full
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { describe, expect, test } from "vitest";
import { runToEnd } from "@mayfly/testing/built.ts";
import { root } from "@mayfly/testing/gateway.ts";

// deploy/kubernetes as kubectl renders it, held against the schemas that Kubernetes and the Prometheus operator publish:
// what a manifest says wrongly is an error of their validators, and what they do not know at all one of their types.

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}
type Model = new (manifest: unknown) => { validate(): void };

const overlays = ["sqlite", "postgres"] as const;

const render = (overlay: string): readonly Manifest[] => {
  const ran = spawnSync("kubectl", ["kustomize", `deploy/kubernetes/overlays/${overlay}`], {
    cwd: root,
    encoding: "utf8",
  });
  if (ran.status !== 0) throw new Error(ran.stderr || String(ran.error));
  return parseAllDocuments(ran.stdout).map((document) => document.toJS() as Manifest);
};

/** Where the published model of a kind is. */
const moduleOf = ({ apiVersion, kind }: Manifest): string =>
  apiVersion.startsWith("monitoring.coreos.com/")
    ? `@kubernetes-models/prometheus-operator/${apiVersion}/${kind}`
    : `kubernetes-models/${apiVersion}/${kind}`;

async function problemOf(manifest: Manifest): Promise<string | undefined> {
  const model = ((await import(moduleOf(manifest))) as Readonly<Record<string, Model>>)[manifest.kind];
  if (model === undefined) return `there is no schema of ${manifest.kind}`;
  try {
    new model(manifest).validate();
    return undefined;
  } catch (error) {
    return `${manifest.kind} ${manifest.metadata.name}: ${String(error)}`;
  }
}

/** What the compiler says of manifests as literals of their published types: members that these do not know. */
async function unknownMembers(manifests: readonly Manifest[]): Promise<string> {
  // Below the repository, so that the types are found.
  const folder = await mkdtemp(path.join(root, "node_modules/.manifests-"));
  try {
    const lines = manifests.map((manifest, index) => {
      const type = `import("${moduleOf(manifest)}").I${manifest.kind}`;
      return `export const m${index}: ${type} = ${JSON.stringify(manifest)};`;
    });
    await writeFile(path.join(folder, "manifests.ts"), lines.join("\n"));
    await writeFile(
      path.join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: { module: "nodenext", strict: true, noEmit: true, skipLibCheck: true, types: [] },
        files: ["manifests.ts"],
      }),
    );
    const tsc = createRequire(import.meta.url).resolve("typescript/package.json");
    await runToEnd(process.execPath, [path.join(path.dirname(tsc), "bin/tsc"), "-p", folder]);
    return "";
  } catch (error) {
    return String(error);
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Container {
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: unknown;
  readonly volumeMounts: readonly {
    readonly mountPath: string;
    readonly name: string;
    readonly readOnly?: boolean;
  }[];
}
interface Gateway {
  readonly replicas: number;
  readonly template: {
    readonly spec: {
      readonly containers: readonly Container[];
      readonly securityContext: unknown;
      readonly automountServiceAccountToken: boolean;
    };
  };
}

describe.each(overlays)("%s", (overlay) => {
  const manifests = render(overlay);
  const ofKind = (kind: string): readonly Manifest[] => manifests.filter((each) => each.kind === kind);
  const gateway = ofKind("StatefulSet")[0]?.spec as unknown as Gateway;
  const [container] = gateway.template.spec.containers;
  const [configuration] = ofKind("ConfigMap");
  const written = parse(configuration?.data?.["mayfly.yaml"] ?? "") as {
    readonly listen: Readonly<Record<string, string>>;
    readonly data: string;
    readonly store: unknown;
  };

  test("holds what the published schemas allow, and nothing that they do not know", async () => {
    expect(manifests.length).toBeGreaterThan(7);
    expect((await Promise.all(manifests.map(problemOf))).filter((each) => each !== undefined)).toEqual([]);
    expect(await unknownMembers(manifests)).toBe("");
  });

  test("is what was promised: policies of the network and of disruption, metrics, all in one namespace", () => {
    const kinds = ["NetworkPolicy", "ServiceMonitor", "StatefulSet", "Service", "ServiceAccount"];
    for (const kind of kinds) expect([kind, ofKind(kind).length > 0]).toEqual([kind, true]);
    expect(ofKind("PodDisruptionBudget")).toHaveLength(overlay === "postgres" ? 1 : 0);
    expect(ofKind("Secret")).toEqual([]);
    for (const { kind, metadata } of manifests)
      expect([kind, metadata.namespace]).toEqual([kind, kind === "Namespace" ? undefined : "mayfly"]);
  });

  test("runs without root, without a token, and writes to its volume alone", () => {
    const { spec } = gateway.template;
    expect(gateway.replicas).toBe(overlay === "postgres" ? 3 : 1);
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.containers).toHaveLength(1);
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    const writable = container?.volumeMounts.filter(({ readOnly }) => readOnly !== true);
    expect(writable?.map(({ mountPath }) => mountPath)).toEqual([written.data]);
  });

  test("has a configuration that mayflyd takes, whose ports and files are those of the pod", async () => {
    const text = configuration?.data?.["mayfly.yaml"] ?? "";
    const folder = await mkdtemp(path.join(root, "node_modules/.manifests-"));
    try {
      const file = path.join(folder, "mayfly.yaml");
      // The certificate is not here: a gateway without one makes its own.
      await writeFile(file, text.replace(/^tls: .*\n/m, ""));
      const said = await runToEnd(process.execPath, ["packages/gateway/bin/mayflyd.js", "check", file]);
      expect(said).toContain("is good: 1 connection");
    } finally {
      await rm(folder, { recursive: true });
    }
    const listening = Object.values(written.listen).map((address) => Number(address.split(":").at(-1)));
    expect(container?.ports.map(({ containerPort }) => containerPort)).toEqual(listening);
    expect(container?.args).toContain("/etc/mayfly/mayfly.yaml");
    const secrets = [...text.matchAll(/\/run\/secrets\/[\w./-]+/g)].map(([file]) => path.dirname(file));
    expect(new Set(secrets)).toEqual(new Set(["/run/secrets/mayfly"]));
  });
});

describe("what mayflyd close prints for a cluster", () => {
  const asked = ["--gateway", "namespace:mayfly", "--gateway", "10.0.0.5", "--agent-namespace", "agents"];
  const printed = (only: string): readonly Manifest[] => {
    const config = path.join(root, "examples/kubernetes.yaml");
    const mayflyd = path.join(root, "packages/gateway/bin/mayflyd.js");
    const args = [mayflyd, "close", "prod-cluster", "-c", config, ...asked, "--only", only];
    const ran = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (ran.status !== 0) throw new Error(ran.stderr);
    return parseAllDocuments(ran.stdout).map((document) => document.toJS() as Manifest);
  };

  test.each(["rbac", "networkpolicy-agents"])("%s: Kubernetes takes and knows every member", async (only) => {
    const manifests = printed(only);
    expect(manifests.length).toBeGreaterThan(0);
    for (const manifest of manifests) expect(await problemOf(manifest)).toBeUndefined();
    expect(await unknownMembers(manifests)).toBe("");
  });
});

describe("the check", () => {
  const [first] = render("sqlite").filter(({ kind }) => kind === "StatefulSet");
  const broken = (change: (text: string) => string): Manifest =>
    JSON.parse(change(JSON.stringify(first))) as Manifest;

  test("finds a value of the wrong type", async () => {
    const manifest = broken((text) => text.replace('"replicas":1', '"replicas":"1"'));
    expect(await problemOf(manifest)).toContain("replicas must be integer");
  });

  test("finds a member that Kubernetes would ignore", async () => {
    const manifest = broken((text) => text.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem"));
    expect(await unknownMembers([manifest])).toContain("readOnlyRootFileSystem");
  });
});
