// tier: full
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chown, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startContainerd, whyNoContainers } from "@mayfly/kubernetes-stand-in";
import { runToEnd } from "@mayfly/testing/built.ts";
import { call } from "@mayfly/testing/api.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import { startAll } from "@mayfly/testing/undo.ts";

// The image as `npm run image` makes it, and the gateway in it, run by containerd and runc as a cluster would run it.

interface Stage {
  readonly folder: string;
  readonly file: string;
  /** Unpacks both layers. */
  readonly rootfs: string;
  readonly config: ImageConfig;
  readonly stop: () => Promise<void>;
}
interface ImageConfig {
  readonly config: Readonly<Record<string, unknown>>;
  readonly created: string;
}
interface Descriptor {
  readonly digest: string;
}
let stage: Stage;

const sha256 = async (file: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(file))
    .digest("hex");

/** Makes the image. @returns the archive */
async function makeImage(to: string, umask: string): Promise<string> {
  const command = `umask ${umask} && exec "$0" scripts/image.mjs --to "$1"`;
  await runToEnd("sh", ["-c", command, process.execPath, to], {
    env: { ...process.env, SOURCE_DATE_EPOCH: "1700000000", TMPDIR: to },
  });
  const [name = ""] = await readdir(to);
  return path.join(to, name);
}

beforeAll(async () => {
  stage = await startAll(async ({ folder: makeFolder, stop }) => {
    const folder = await makeFolder("image");
    const [first, layout, rootfs] = ["first", "layout", "rootfs"].map((name) => path.join(folder, name));
    if (first === undefined || layout === undefined || rootfs === undefined) throw new Error("no folder");
    for (const each of [first, layout, rootfs]) await mkdir(each);
    const file = await makeImage(first, "022");
    await runToEnd("tar", ["-xf", file, "-C", layout]);
    const blob = (digest: string): string => path.join(layout, "blobs", digest.replace(":", "/"));
    const read = async <T>(name: string): Promise<T> => JSON.parse(await readFile(name, "utf8")) as T;
    const index = await read<{ readonly manifests: readonly Descriptor[] }>(path.join(layout, "index.json"));
    const manifest = await read<{ readonly config: Descriptor; readonly layers: readonly Descriptor[] }>(
      blob(index.manifests[0]?.digest ?? ""),
    );
    for (const { digest } of manifest.layers)
      await runToEnd("tar", ["-xzf", blob(digest), "-C", rootfs, "--no-same-owner"]);
    return { folder, file, rootfs, config: await read<ImageConfig>(blob(manifest.config.digest)), stop };
  });
}, 400_000);
afterAll(() => stage.stop());

test(
  "the same sources make the same image, whatever the umask and the folder",
  { timeout: 400_000 },
  async () => {
    const again = path.join(stage.folder, "again");
    await mkdir(again);
    expect(await sha256(await makeImage(again, "077"))).toBe(await sha256(stage.file));
  },
);

describe("what is in it", () => {
  test("runs as a user of its own, with one volume and a health check", () => {
    expect(stage.config.created).toBe("2023-11-14T22:13:20.000Z");
    expect(stage.config.config).toMatchObject({
      User: "65532:65532",
      Volumes: { "/var/lib/mayfly": {} },
      Cmd: ["serve"],
      Healthcheck: { Test: ["CMD", "/usr/local/bin/node", "/opt/mayfly/health.mjs"] },
    });
  });

  test("is no shell, no package manager, nothing of development, nothing that others may write", async () => {
    const programs = ["bin", "sbin", "usr/bin", "usr/sbin"].map((name) => path.join(stage.rootfs, name));
    for (const folder of programs) expect(await readdir(folder).catch(() => [])).toEqual([]);
    expect(await readdir(path.join(stage.rootfs, "usr/local/bin"))).toEqual(["node"]);
    const files = await readdir(path.join(stage.rootfs, "opt/mayfly"), { recursive: true });
    expect(files.length).toBeGreaterThan(1000);
    expect(
      files.filter((name) =>
        /\.d\.[cm]?ts$|\.map$|^dist\/.*\.test\.js$|\/test\/.*\.test\.js$|stand-in|vitest/.test(name),
      ),
    ).toEqual([]);
    const listed = await runToEnd("find", [stage.rootfs, "-perm", "/022", "!", "-type", "l"]);
    expect(listed).toBe("");
    expect(await runToEnd("find", [stage.rootfs, "-perm", "/6000"])).toBe("");
  });

  test("is listed: the packages of npm and of Debian, and Node", async () => {
    const { components } = JSON.parse(
      await readFile(path.join(stage.rootfs, "usr/share/sbom/mayflyd.cdx.json"), "utf8"),
    ) as { readonly components: readonly { readonly name: string; readonly version: string }[] };
    const versions = new Map(components.map(({ name, version }) => [name, version]));
    expect(versions.get("node")).toBe(process.versions.node);
    for (const name of await readdir(path.join(stage.rootfs, "var/lib/dpkg/status.d"))) {
      const status = await readFile(path.join(stage.rootfs, "var/lib/dpkg/status.d", name), "utf8");
      expect([name, versions.get(name)]).toEqual([name, /^Version: (.*)$/m.exec(status)?.[1]]);
    }
    expect(versions.has("libc6")).toBe(true);
    const modules = await readdir(path.join(stage.rootfs, "opt/mayfly/node_modules"));
    const plain = modules.filter((name) => !name.startsWith("@") && !name.startsWith("."));
    expect(plain.filter((name) => !versions.has(name))).toEqual([]);
    expect(versions.has("react-dom")).toBe(true);
  });
});

test(
  "the gateway in it serves with nothing to write to but its volume",
  { timeout: 120_000 },
  async (context) => {
    const why = whyNoContainers();
    context.skip(why !== undefined, why);
    const run = await startAll(async ({ onStop, stop }) => {
      const containerd = await startContainerd();
      onStop(() => containerd.close());
      const ctr = (...args: string[]): Promise<string> => runToEnd("ctr", [...containerd.ctr, ...args]);
      await ctr("images", "import", "--snapshotter", "native", stage.file);
      const [image = ""] = (await ctr("images", "ls", "-q")).trim().split("\n");
      const [data, etc] = [path.join(stage.folder, "data"), path.join(stage.folder, "etc")];
      const [https, postgres] = [await freePort(), await freePort()];
      for (const folder of [data, etc]) await mkdir(folder);
      await chown(data, 65_532, 65_532);
      await writeFile(
        path.join(etc, "mayfly.yaml"),
        `url: https://localhost:${https}
listen: { https: "127.0.0.1:${https}", postgres: "127.0.0.1:${postgres}" }
data: /var/lib/mayfly
identity: { agents: { issuer: "https://okta.invalid/oauth2/a", audience: "api://mayfly" } }
`,
      );
      const name = `image-${process.pid}`;
      const log = path.join(stage.folder, "log");
      await writeFile(log, "");
      const flags = ["-d", "--snapshotter", "native", "--net-host", "--read-only"];
      const mounts = [
        `type=bind,src=${data},dst=/var/lib/mayfly,options=rbind:rw`,
        `type=bind,src=${etc},dst=/etc/mayfly,options=rbind:ro`,
      ].flatMap((mount) => ["--mount", mount]);
      const more = [`--log-uri=file://${log}`, `--env=MAYFLY_HEALTH_URL=https://127.0.0.1:${https}/healthz`];
      // Its shim keeps the standard streams: nothing of ours may be among them.
      const started = spawnSync(
        "ctr",
        [...containerd.ctr, "run", ...flags, ...mounts, ...more, image, name],
        { stdio: "ignore" },
      );
      onStop(() => {
        spawnSync("ctr", [...containerd.ctr, "task", "rm", "-f", name], { stdio: "ignore" });
        spawnSync("ctr", [...containerd.ctr, "containers", "rm", name], { stdio: "ignore" });
      });
      const gateway = { url: `https://localhost:${https}`, caFile: path.join(data, "tls/ca.pem") };
      return { started, ctr, name, log, data, gateway, stop };
    });
    try {
      expect(run.started.status).toBe(0);
      await expect.poll(() => readFile(run.log, "utf8"), { timeout: 60_000 }).toContain('"msg":"ready"');
      expect((await call(run.gateway, undefined, "GET", "/healthz")).status).toBe(200);
      expect((await call(run.gateway, undefined, "GET", "/")).status).toBe(200);
      const [, pid = ""] = new RegExp(`${run.name}\\s+(\\d+)`).exec(await run.ctr("task", "ls")) ?? [];
      const status = await readFile(`/proc/${pid}/status`, "utf8");
      expect(status).toMatch(/^Uid:\s+65532\s+65532\s+65532\s+65532$/m);
      expect(await readFile(`/proc/${pid}/mounts`, "utf8")).toMatch(/^\S+ \/ \S+ ro[, ]/m);
      const healthy = ["task", "exec", "--exec-id", "health", run.name];
      await run.ctr(...healthy, "/usr/local/bin/node", "/opt/mayfly/health.mjs");
      await run.ctr("task", "kill", "-s", "SIGTERM", run.name);
      await expect.poll(() => readFile(run.log, "utf8"), { timeout: 30_000 }).toContain('"msg":"stopped"');
    } finally {
      await run.stop();
    }
  },
);
