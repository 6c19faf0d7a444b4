import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { runToEnd } from "./built.ts";
import { root } from "./gateway.ts";

// A registry for one test. npm takes a package's shrinkwrap into account when the package comes from a registry, and not
// when it comes as a file: to install what will be published, it has to be published first.

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly [member: string]: unknown;
}

/** Every version of a package, by its number. */
type Versions = Map<
  string,
  Manifest & { readonly dist: { readonly integrity: string; readonly tarball: string } }
>;

interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly integrity?: string;
}

/** A registry that runs. */
export interface NpmRegistry {
  readonly url: string;
  readonly close: () => void;
}

/**
 * Starts a registry that has these tarballs, and of everybody else's packages exactly the versions of the workspace's lock
 * file, under their digests. npm finds those in its cache; what is not there it is sent for to the registry that it is
 * configured with.
 */
export async function startNpmRegistry(tarballs: readonly string[]): Promise<NpmRegistry> {
  const upstream = (await runToEnd("npm", ["config", "get", "registry"])).trim().replace(/\/+$/, "");
  const packages = new Map<string, Versions>();
  const files = new Map<string, string>();
  const server: Server = createServer((request, answer) => {
    const asked = decodeURIComponent(request.url ?? "").replace(/^\//, "");
    const file = files.get(asked);
    if (file !== undefined) answer.end(readFileSync(file));
    else if (asked.includes("/-/")) answer.writeHead(302, { location: `${upstream}/${asked}` }).end();
    else {
      const versions = packages.get(asked);
      if (versions === undefined) {
        answer.writeHead(404).end();
        return;
      }
      const [latest] = [...versions.keys()].slice(-1);
      answer.setHeader("content-type", "application/json");
      answer.end(
        JSON.stringify({
          name: asked,
          "dist-tags": { latest },
          versions: Object.fromEntries(versions),
        }),
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const add = (manifest: Manifest, integrity: string): string => {
    const { name, version } = manifest;
    const tarball = `${name}/-/${path.posix.basename(name)}-${version}.tgz`;
    const versions: Versions = packages.get(name) ?? new Map();
    versions.set(version, { ...manifest, dist: { integrity, tarball: `${url}/${tarball}` } });
    packages.set(name, versions);
    return tarball;
  };
  const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, LockEntry>>;
  };
  for (const [place, entry] of Object.entries(lock.packages)) {
    const name = entry.name ?? place.split("node_modules/").at(-1) ?? "";
    if (entry.integrity !== undefined && entry.version !== undefined)
      add({ ...entry, name, version: entry.version }, entry.integrity);
  }
  for (const tarball of tarballs) {
    const manifest = JSON.parse(
      await runToEnd("tar", ["-xzOf", tarball, "package/package.json"]),
    ) as Manifest;
    const listed = await runToEnd("tar", ["-tzf", tarball]);
    const digest = createHash("sha512").update(readFileSync(tarball)).digest("base64");
    // As npm's registry says it of a package that brings one.
    const shrinkwrapped = listed.split("\n").includes("package/npm-shrinkwrap.json");
    const name = add({ ...manifest, ...(shrinkwrapped ? { _hasShrinkwrap: true } : {}) }, `sha512-${digest}`);
    files.set(name, tarball);
  }
  return { url, close: () => void server.close() };
}
