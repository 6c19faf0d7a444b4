// An OCI image layout: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { writeTar } from "./tar.ts";

const type = "application/vnd.oci.image";

/** One layer of files, as a tar archive. */
export interface Layer {
  readonly archive: string;
  /** What it is, for the image's history. */
  readonly what: string;
}

/** What the image says of itself. */
export interface ImageDescription {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The time of everything in it, seconds since the epoch. */
  readonly seconds: number;
  /** `config` of the image's configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const sha256 = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Writes an image as one archive. @returns the digest of its manifest, by which registries know it */
export function writeImage(
  file: string,
  work: string,
  image: ImageDescription,
  layers: readonly Layer[],
): string {
  const folder = path.join(work, "layout");
  mkdirSync(path.join(folder, "blobs/sha256"), { recursive: true });
  const blob = (mediaType: string, bytes: Buffer): Readonly<Record<string, unknown>> & { digest: string } => {
    const digest = sha256(bytes);
    writeFileSync(path.join(folder, "blobs", digest.replace(":", "/")), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const created = new Date(image.seconds * 1000).toISOString();
  const made = layers.map(({ archive }) => {
    const bytes = readFileSync(archive);
    return { diffId: sha256(bytes), entry: blob(`${type}.layer.v1.tar+gzip`, gzipSync(bytes)) };
  });
  const config = blob(
    `${type}.config.v1+json`,
    json({
      created,
      architecture: image.architecture,
      os: "linux",
      config: image.config,
      rootfs: { type: "layers", diff_ids: made.map(({ diffId }) => diffId) },
      history: layers.map(({ what }) => ({ created, created_by: what })),
    }),
  );
  const manifest = blob(
    `${type}.manifest.v1+json`,
    json({
      schemaVersion: 2,
      mediaType: `${type}.manifest.v1+json`,
      config,
      layers: made.map(({ entry }) => entry),
      annotations: image.annotations,
    }),
  );
  const named = {
    "io.containerd.image.name": `${image.name}:${image.version}`,
    "org.opencontainers.image.ref.name": image.version,
  };
  const index = { schemaVersion: 2, mediaType: `${type}.index.v1+json` };
  writeFileSync(
    path.join(folder, "index.json"),
    json({ ...index, manifests: [{ ...manifest, annotations: named }] }),
  );
  writeFileSync(path.join(folder, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
  writeTar(file, folder, image.seconds);
  rmSync(folder, { recursive: true });
  return manifest.digest;
}
