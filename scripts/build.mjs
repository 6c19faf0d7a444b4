// `npm run build`: what ships, ready for `npm pack`, under build/: plain JavaScript, a package.json that points at it,
// the exact versions that it was tested with, no tests, nothing of the demo or the stand-in.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { dist as builtConsole } from "./console.mjs";
import { progress } from "./progress.mjs";
import { repositoryOf } from "./release/repository.mjs";
import { shrinkwrapOf } from "./release/shrinkwrap.mjs";
import { root, run, setup } from "./setup.mjs";

/** Packages in the order of their dependencies. */
const shipped = ["audit-verifier", "sdk", "cli", "gateway"];
const { values: options } = parseArgs({ options: { to: { type: "string", default: "build" } } });
const build = path.resolve(root, options.to);
const readJson = (file) => JSON.parse(readFileSync(path.join(root, file), "utf8"));

const shippedParts = ["bin", "dist", "console", "schema", "openapi.json", "npm-shrinkwrap.json"];

function writeJson(file, value) {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Compiles one package and writes its package.json. */
async function make(name) {
  const source = path.join(root, "packages", name);
  const target = path.join(build, name);
  mkdirSync(target, { recursive: true });
  const config = path.join(target, "tsconfig.json");
  writeFileSync(
    config,
    JSON.stringify({
      extends: path.join(root, "tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        allowJs: false,
        declaration: true,
        rewriteRelativeImportExtensions: true,
        rootDir: path.join(source, "src"),
        outDir: path.join(target, "dist"),
        typeRoots: [path.join(root, "node_modules/@types")],
      },
      include: [path.join(source, "src")],
      exclude: [path.join(source, "src/**/*.test.ts"), path.join(source, "src/**/testing/**")],
    }),
  );
  await run("tsc", ["-p", config]);
  rmSync(config);
  for (const part of ["bin", "schema", "openapi.json", "README.md"]) {
    if (existsSync(path.join(source, part)))
      cpSync(path.join(source, part), path.join(target, part), { recursive: true });
  }
  // mayflyd serves the console; setup() has built it.
  if (name === "gateway") cpSync(builtConsole, path.join(target, "console"), { recursive: true });
  cpSync(path.join(root, "LICENSE"), path.join(target, "LICENSE"));
  const { devDependencies: _, private: __, ...manifest } = readJson(`packages/${name}/package.json`);
  const exports =
    manifest.exports === undefined
      ? {}
      : {
          exports: Object.fromEntries(
            Object.entries(manifest.exports).map(([door, file]) => {
              const made = file.replace("./src/", "./dist/").replace(/\.ts$/, "");
              return [door, { types: `${made}.d.ts`, default: `${made}.js` }];
            }),
          ),
        };
  const shrinkwrap = shrinkwrapOf(readJson("package-lock.json"), `packages/${name}`);
  writeJson(path.join(target, "npm-shrinkwrap.json"), shrinkwrap);
  const files = shippedParts.filter((part) => existsSync(path.join(target, part)));
  const repository = repositoryOf(root);
  const where =
    repository === undefined ? {} : { repository: { ...repository, directory: `packages/${name}` } };
  writeJson(path.join(target, "package.json"), { ...manifest, ...where, ...exports, files });
  return manifest.name;
}

await setup();
rmSync(build, { recursive: true, force: true });
const linked = path.join(build, "node_modules");
mkdirSync(path.join(linked, "@mayfly"), { recursive: true });
for (const name of shipped) {
  const packageName = await progress(`building ${name}`, () => make(name));
  // So that the built packages find each other here, as they will once they are installed.
  symlinkSync(
    path.join("..", ...(packageName.includes("/") ? [".."] : []), name),
    path.join(linked, packageName),
    "dir",
  );
}
const shown = path.relative(process.cwd(), build);
console.log(`built ${shipped.map((name) => path.join(shown, name)).join(", ")}`);
