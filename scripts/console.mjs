// Builds the console when its sources are newer than what was built. Runs on the Node that the machine has, 20 or
// newer: no dependencies here. Vite itself runs on the project's own Node.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { progress } from "./progress.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const home = path.join(root, "packages", "console");
/** Where the built console is: index.html, assets/, manifest.json, each text beside its .br and .gz. */
export const dist = path.join(home, "dist");

/** What the build reads. */
const sources = [
  path.join(home, "src"),
  path.join(home, "index.html"),
  path.join(home, "vite.config.ts"),
  path.join(root, "packages", "sdk", "src"),
  path.join(root, "packages", "audit-verifier", "src"),
  path.join(root, "package-lock.json"),
  fileURLToPath(import.meta.url),
];

/** The time of the newest file at or below a path, milliseconds; 0 when there is none. */
function newest(entry) {
  if (!existsSync(entry)) return 0;
  const found = statSync(entry);
  if (!found.isDirectory()) return found.mtimeMs;
  // A folder's own time counts too: it changes when a file goes.
  return Math.max(found.mtimeMs, ...readdirSync(entry).map((name) => newest(path.join(entry, name))));
}

/** Compresses every text once, here, so that the gateway never has to. */
function compress(folder) {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (statSync(file).isDirectory()) compress(file);
    else if (/\.(js|css|html|svg)$/.test(name)) {
      const bytes = readFileSync(file);
      const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
      writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
      writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    }
  }
}

/** Whether what was built is newer than all that it is built of. */
function isCurrent() {
  const built = path.join(dist, "manifest.json");
  return existsSync(built) && statSync(built).mtimeMs >= Math.max(...sources.map(newest));
}

/** Puts a fresh build in the place of the old one. Whoever is a moment later than another process leaves it at that. */
function put(next) {
  const old = `${dist}.old-${process.pid}`;
  try {
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(next, dist);
  } catch (error) {
    if (!isCurrent()) throw error;
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

/**
 * Builds packages/console/dist when a source is newer. Beside the old one, then in its place, so that whoever serves
 * it meanwhile never sees half a console.
 * @param {(command: string, args: string[]) => Promise<unknown>} run  runs a program of the project
 */
export async function buildConsole(run) {
  if (isCurrent()) return;
  const next = `${dist}.next-${process.pid}`;
  await progress("building the console", async () => {
    try {
      await run("vite", ["build", home, "--outDir", next, "--logLevel", "warn"]);
      compress(next);
      put(next);
    } finally {
      rmSync(next, { recursive: true, force: true });
    }
  });
}
