// The gateway as it stands in the image: its built package, and exactly the dependencies of the lock file.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

interface Shrinkwrap {
  readonly packages: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What only who develops reads: types, source maps, and the tests that packages bring along. */
const forDevelopment = /\.d\.[cm]?ts$|\.map$/;
const tests = /^(test|tests|__tests__)$/;

function removeForDevelopment(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const isPackage = existsSync(path.join(folder, "package.json"));
    if (statSync(file).isDirectory()) {
      if (isPackage && tests.test(name)) rmSync(file, { recursive: true });
      else removeForDevelopment(file);
    } else if (forDevelopment.test(name)) rmSync(file);
  }
}

/** @param built what `npm run build` made */
export function addApp(built: string, work: string, target: string): void {
  const install = path.join(work, "install");
  mkdirSync(install);
  const wrap = JSON.parse(
    readFileSync(path.join(built, "gateway/npm-shrinkwrap.json"), "utf8"),
  ) as Shrinkwrap;
  const { dependencies = {}, ...manifest } = wrap.packages[""] ?? {};
  // Our own package is not published while its image is made: it is put beside the others.
  const theirs = Object.entries(dependencies as Readonly<Record<string, string>>).filter(
    ([name]) => !name.startsWith("@mayfly/"),
  );
  const root = { ...manifest, dependencies: Object.fromEntries(theirs) };
  writeFileSync(path.join(install, "package.json"), JSON.stringify(root));
  writeFileSync(
    path.join(install, "package-lock.json"),
    JSON.stringify({ ...wrap, packages: { ...wrap.packages, "": root } }),
  );
  const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--no-bin-links"];
  execFileSync("npm", ["ci", ...flags, "--loglevel=error"], {
    cwd: install,
    stdio: ["ignore", "ignore", "inherit"],
  });
  rmSync(path.join(install, "node_modules/.package-lock.json"), { force: true });
  cpSync(path.join(built, "gateway"), target, { recursive: true });
  const modules = path.join(target, "node_modules");
  cpSync(path.join(install, "node_modules"), modules, { recursive: true });
  cpSync(path.join(built, "audit-verifier"), path.join(modules, "@mayfly/audit-verifier"), {
    recursive: true,
  });
  rmSync(install, { recursive: true });
  removeForDevelopment(target);
}
