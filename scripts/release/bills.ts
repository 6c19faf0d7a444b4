// The bills of materials of what ships, made from the lock file alone.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { type Bill, billOf } from "./bill-of-materials.ts";
import type { Manifest } from "./versions.ts";

/** The bill of each package, by its folder under packages/. @throws Error when one would leave out what ships */
export function billsOf(
  root: string,
  folders: readonly string[],
  version: string,
): ReadonlyMap<string, Bill> {
  const readManifest = (folder: string): Manifest =>
    JSON.parse(readFileSync(path.join(root, "packages", folder, "package.json"), "utf8")) as Manifest;
  const printed = execFileSync("npm", ["sbom", "--sbom-format=cyclonedx", "--package-lock-only"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const whole = JSON.parse(printed) as Bill;
  const refs = new Map(folders.map((folder) => [folder, `${readManifest(folder).name}@${version}`]));
  // What a package needs where it is installed.
  const names = new Map(
    [...refs].map(([folder, ref]) => [ref, Object.keys(readManifest(folder).dependencies ?? {})]),
  );
  const gateway = refs.get("gateway") ?? "";
  names.set(gateway, [...(names.get(gateway) ?? []), "@mayfly/console"]);
  // The libraries that are built into the console: all that it has but its tools.
  const libraries = Object.keys(readManifest("console").devDependencies ?? {}).filter(
    (name) => !/^@types\/|^vite$|^@vitejs\//.test(name),
  );
  names.set(`@mayfly/console@${version}`, ["@mayfly/sdk", ...libraries]);
  // npm knows nothing of the console within the gateway: it is no dependency, it is built in.
  const dependencies = whole.dependencies.map((each) =>
    each.ref === gateway
      ? { ...each, dependsOn: [...(each.dependsOn ?? []), `@mayfly/console@${version}`] }
      : each,
  );
  return new Map([...refs].map(([folder, ref]) => [folder, billOf({ ...whole, dependencies }, ref, names)]));
}
