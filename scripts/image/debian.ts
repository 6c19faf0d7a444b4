// The part of the image that comes from Debian: what Node is linked to, the CAs of the public, and who is who.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

/** A Debian package that is in the image. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** The gateway's user in the image. */
export const imageUser = { uid: 65_532, gid: 65_532 };

const field = (deb: string, name: string): string =>
  execFileSync("dpkg-deb", ["--field", deb, name], { encoding: "utf8" }).trim();

/** Copies what matches from an unpacked package into the image. */
function take(from: string, rootfs: string, file: string): void {
  const target = path.join(rootfs, file);
  mkdirSync(path.dirname(target), { recursive: true });
  cpSync(path.join(from, file), target, { recursive: true, verbatimSymlinks: true });
}

/** Libraries and licences, and of base-files what says which Debian it is: no shell, no programs. */
function takePackage(name: string, from: string, rootfs: string): void {
  if (name === "base-files") take(from, rootfs, "usr/lib/os-release");
  const lib = path.join(from, "usr/lib");
  for (const triple of existsSync(lib) ? readdirSync(lib).filter((each) => each.endsWith("-linux-gnu")) : [])
    for (const file of readdirSync(path.join(lib, triple)).filter((each) => /\.so(\.|$)/.test(each)))
      take(from, rootfs, path.join("usr/lib", triple, file));
  // The dynamic linker, where programs look for it.
  for (const folder of ["usr/lib64", "usr/lib"])
    for (const file of existsSync(path.join(from, folder)) ? readdirSync(path.join(from, folder)) : [])
      if (/^ld-linux.*\.so\.\d+$/.test(file)) take(from, rootfs, path.join(folder, file));
  const copyright = `usr/share/doc/${name}/copyright`;
  if (existsSync(path.join(from, copyright))) take(from, rootfs, copyright);
}

/** One file of all public CAs, as update-ca-certificates makes it. */
function bundleCas(from: string, rootfs: string): void {
  const folder = path.join(from, "usr/share/ca-certificates/mozilla");
  const pems = readdirSync(folder)
    .toSorted()
    .map((file) => readFileSync(path.join(folder, file), "utf8").trimEnd());
  mkdirSync(path.join(rootfs, "etc/ssl/certs"), { recursive: true });
  writeFileSync(path.join(rootfs, "etc/ssl/certs/ca-certificates.crt"), `${pems.join("\n")}\n`);
}

/** Puts Debian's part into the image. @returns what is in it */
export function addDebian(debs: string, work: string, rootfs: string): readonly DebianPackage[] {
  const packages: DebianPackage[] = [];
  for (const [link, target] of [
    ["lib", "usr/lib"],
    ["lib64", "usr/lib64"],
  ] as const) {
    mkdirSync(path.join(rootfs, target), { recursive: true });
    symlinkSync(target, path.join(rootfs, link));
  }
  for (const file of readdirSync(debs)
    .filter((each) => each.endsWith(".deb"))
    .toSorted()) {
    const deb = path.join(debs, file);
    const name = field(deb, "Package");
    const from = path.join(work, "debian", name);
    mkdirSync(from, { recursive: true });
    execFileSync("dpkg-deb", ["--extract", deb, from]);
    takePackage(name, from, rootfs);
    if (name === "ca-certificates") bundleCas(from, rootfs);
    // Where scanners of images without dpkg look for what was installed.
    const status = path.join(rootfs, "var/lib/dpkg/status.d");
    mkdirSync(status, { recursive: true });
    writeFileSync(path.join(status, name), execFileSync("dpkg-deb", ["--field", deb]));
    packages.push({ name, version: field(deb, "Version"), architecture: field(deb, "Architecture") });
  }
  rmSync(path.join(work, "debian"), { recursive: true });
  const { uid, gid } = imageUser;
  const etc: Readonly<Record<string, string>> = {
    passwd: `root:x:0:0:root:/root:/sbin/nologin\nmayfly:x:${uid}:${gid}:mayfly:/var/lib/mayfly:/sbin/nologin\n`,
    group: `root:x:0:\nmayfly:x:${gid}:\n`,
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  };
  for (const [name, text] of Object.entries(etc)) writeFileSync(path.join(rootfs, "etc", name), text);
  symlinkSync("../usr/lib/os-release", path.join(rootfs, "etc/os-release"));
  // Mounted over by whoever runs it.
  for (const folder of ["proc", "sys", "dev", "tmp", "run"]) mkdirSync(path.join(rootfs, folder));
  return packages;
}
