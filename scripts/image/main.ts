// Makes the image: `npm run image`, or `npm run image -- --to FOLDER`. With --rootfs it leaves its files unpacked in a
// folder, for deploy/Dockerfile.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Bill } from "../release/bill-of-materials.ts";
import { billsOf } from "../release/bills.ts";
import { addApp } from "./app.ts";
import { addDebian, imageUser, type DebianPackage } from "./debian.ts";
import { writeImage } from "./layout.ts";
import { addFolder, writeTar } from "./tar.ts";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const { values: options } = parseArgs({
  options: { to: { type: "string", default: "build/image" }, rootfs: { type: "string" } },
});

/** The time of every file: as who builds it says, else that of the commit. https://reproducible-builds.org/specs/source-date-epoch/ */
function sourceDate(): number {
  const said = process.env["SOURCE_DATE_EPOCH"];
  if (said !== undefined) return Number(said);
  const git = ["-c", "safe.directory=*", "log", "-1", "--format=%ct"];
  return Number(execFileSync("git", git, { cwd: root, encoding: "utf8" }));
}

/** The gateway's bill of materials with Debian's packages and Node; the same for the same contents. */
function billOfImage(version: string, seconds: number, debian: readonly DebianPackage[]): unknown {
  const bill = billsOf(root, ["audit-verifier", "sdk", "cli", "gateway"], version).get("gateway") as Bill;
  const others = debian.map(({ name, version: packaged, architecture }) => {
    const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(packaged)}?arch=${architecture}`;
    return { "bom-ref": purl, type: "library", name, version: packaged, purl };
  });
  const node = process.versions.node;
  const purl = `pkg:generic/node@${node}`;
  const { serialNumber: _, ...rest } = bill as Bill & { readonly serialNumber?: string };
  return {
    ...rest,
    metadata: { ...bill.metadata, timestamp: new Date(seconds * 1000).toISOString() },
    components: [
      ...bill.components,
      ...others,
      { "bom-ref": purl, type: "platform", name: "node", version: node, purl },
    ].toSorted((a, b) => (a["bom-ref"] < b["bom-ref"] ? -1 : 1)),
  };
}

const { version = "" } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  version?: string;
};
const seconds = sourceDate();
if (!Number.isSafeInteger(seconds) || seconds < 0)
  throw new Error("SOURCE_DATE_EPOCH is no number of seconds");
const architecture = { x64: "amd64", arm64: "arm64" }[process.arch as string];
if (architecture === undefined || process.platform !== "linux")
  throw new Error(`the image is made on Linux, on x64 or arm64; this is ${process.platform} ${process.arch}`);

const work = mkdtempSync(path.join(tmpdir(), "mayfly-image-"));
try {
  const built = path.join(work, "build");
  execFileSync(process.execPath, ["scripts/build.mjs", "--to", built], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const base = path.join(work, "base");
  mkdirSync(path.join(base, "etc"), { recursive: true });
  const debian = addDebian(path.join(root, ".cache/image"), work, base);
  mkdirSync(path.join(base, "usr/local/bin"), { recursive: true });
  cpSync(realpathSync(process.execPath), path.join(base, "usr/local/bin/node"));

  const app = path.join(work, "app");
  const home = path.join(app, "opt/mayfly");
  mkdirSync(home, { recursive: true });
  addApp(built, work, home);
  cpSync(path.join(root, "deploy/image/health.mjs"), path.join(home, "health.mjs"));
  const sbom = path.join(app, "usr/share/sbom");
  mkdirSync(sbom, { recursive: true });
  writeFileSync(
    path.join(sbom, "mayflyd.cdx.json"),
    `${JSON.stringify(billOfImage(version, seconds, debian), undefined, 2)}\n`,
  );
  mkdirSync(path.join(app, "etc/mayfly"), { recursive: true });
  const data = path.join(work, "data");
  mkdirSync(path.join(data, "var/lib/mayfly"), { recursive: true });

  if (options.rootfs !== undefined) {
    for (const part of [base, app, data])
      cpSync(part, path.resolve(root, options.rootfs), { recursive: true, verbatimSymlinks: true });
  } else {
    const baseLayer = path.join(work, "base.tar");
    writeTar(baseLayer, base, seconds);
    const appLayer = path.join(work, "app.tar");
    writeTar(appLayer, app, seconds);
    addFolder(appLayer, data, "var/lib/mayfly", seconds, imageUser);
    const target = path.resolve(root, options.to);
    mkdirSync(target, { recursive: true });
    const file = path.join(target, `mayflyd-${version}-linux-${architecture}.tar`);
    const digest = writeImage(
      file,
      work,
      {
        name: "mayflyd",
        version,
        architecture,
        seconds,
        annotations: {
          "org.opencontainers.image.title": "mayflyd",
          "org.opencontainers.image.description": "The Mayfly gateway: just-in-time access for AI agents",
          "org.opencontainers.image.version": version,
          "org.opencontainers.image.licenses": "Apache-2.0",
        },
        config: {
          User: `${imageUser.uid}:${imageUser.gid}`,
          WorkingDir: "/var/lib/mayfly",
          Env: ["PATH=/usr/local/bin", "NODE_ENV=production", "MAYFLY_CONFIG=/etc/mayfly/mayfly.yaml"],
          Entrypoint: ["/usr/local/bin/node", "/opt/mayfly/bin/mayflyd.js"],
          Cmd: ["serve"],
          ExposedPorts: { "6432/tcp": {}, "8443/tcp": {} },
          Volumes: { "/var/lib/mayfly": {} },
          StopSignal: "SIGTERM",
          Healthcheck: {
            Test: ["CMD", "/usr/local/bin/node", "/opt/mayfly/health.mjs"],
            Interval: 30_000_000_000,
            Timeout: 5_000_000_000,
            StartPeriod: 60_000_000_000,
            Retries: 3,
          },
        },
      },
      [
        { archive: baseLayer, what: "Debian's libraries and Node" },
        { archive: appLayer, what: `mayflyd ${version}` },
      ],
    );
    const megabytes = (statSync(file).size / 1e6).toFixed(1);
    console.log(`${path.relative(process.cwd(), file)}: ${megabytes} MB, ${digest}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
