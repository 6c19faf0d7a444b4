import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

/** The name under which containerd knows the image. */
export const imageName = "stand-in:busybox";

/** Runs a program to its end. @throws Error with what it said */
export function must(program: string, args: readonly string[], env?: NodeJS.ProcessEnv): string {
  const ran = spawnSync(program, args, { encoding: "utf8", ...(env === undefined ? {} : { env }) });
  if (ran.status === 0) return ran.stdout;
  throw new Error(`${program} ${args.join(" ")} failed: ${ran.error?.message ?? ran.stderr}`);
}

/** Makes an image (OCI image layout) of Debian's static busybox, nothing else. @returns a tar file */
export function makeImage(folder: string, busybox: string): string {
  const rootfs = path.join(folder, "rootfs");
  for (const name of ["bin", "proc", "sys", "dev", "tmp", "etc", "var/log"])
    mkdirSync(path.join(rootfs, name), { recursive: true });
  must("cp", [busybox, path.join(rootfs, "bin/busybox")]);
  const links = must(busybox, ["--list"])
    .split("\n")
    .filter((name) => /^[a-z[\]0-9_-]+$/.test(name) && name !== "busybox");
  for (const name of links) must("ln", ["-sf", "busybox", path.join(rootfs, "bin", name)]);
  writeFileSync(path.join(rootfs, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\n");
  writeFileSync(path.join(rootfs, "var/log/app.log"), "order 7 paid\norder 8 refunded\n");
  const layer = path.join(folder, "layer.tar");
  must("tar", ["-C", rootfs, "--owner=0", "--group=0", "-cf", layer, "."]);
  const blobs = path.join(folder, "oci/blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const blob = (bytes: Buffer): { digest: string; size: number } => {
    const digest = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(path.join(blobs, digest), bytes);
    return { digest: `sha256:${digest}`, size: bytes.length };
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const { digest, size } = blob(readFileSync(layer));
  const config = blob(
    json({
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      config: { Env: ["PATH=/bin"] },
      rootfs: { type: "layers", diff_ids: [digest] },
    }),
  );
  const type = "application/vnd.oci.image";
  const manifest = blob(
    json({
      schemaVersion: 2,
      mediaType: `${type}.manifest.v1+json`,
      config: { mediaType: `${type}.config.v1+json`, ...config },
      layers: [{ mediaType: `${type}.layer.v1.tar`, digest, size }],
    }),
  );
  const [, tag = ""] = imageName.split(":");
  writeFileSync(
    path.join(folder, "oci/index.json"),
    json({
      schemaVersion: 2,
      manifests: [
        {
          mediaType: `${type}.manifest.v1+json`,
          ...manifest,
          annotations: { "org.opencontainers.image.ref.name": tag },
        },
      ],
    }),
  );
  writeFileSync(path.join(folder, "oci/oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
  const file = path.join(folder, "oci.tar");
  must("tar", ["-C", path.join(folder, "oci"), "-cf", file, "."]);
  if (statSync(file).size === 0) throw new Error("the image is empty");
  return file;
}
