// Which tests run when. The gate decides about every landing and stays short; what is full runs behind it, as far as there
// is time; soak is for `npm run siege`.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../setup.mjs";

/** @typedef {"gate" | "full" | "soak"} Tier */

/** Where tests are that need no word: they are short by kind, or measure by kind. */
const BY_PLACE = [
  { tier: "soak", pattern: /^tests\/siege\/|\.siege\.test\.ts$/ },
  { tier: undefined, pattern: /\.integration\.test\.ts$|^tests\/(?:integration|e2e|clients|browser)\// },
  { tier: "gate", pattern: /^(?:packages|tests\/(?:unit|catalogue)|bench)\// },
];

/** The word at the top of a test file: `// tier: full`. */
const WORD = /^\/\/ tier: (gate|full)\n/;

/**
 * The tier of a test file.
 * @param {string} file its path from the root
 * @param {string} text what it holds
 * @returns {Tier | undefined} undefined where it must have a word of its own and has none
 */
export function tierOf(file, text) {
  const { tier } = BY_PLACE.find(({ pattern }) => pattern.test(file)) ?? {};
  if (tier === "soak") return tier;
  return /** @type {Tier | undefined} */ (WORD.exec(text)?.[1]) ?? tier;
}

/** Whether a file of the gate is a unit test: only these are in the gate without a word. */
export const isUnitTest = (file) => tierOf(file, "") === "gate";

/**
 * The names that are no test file's, to be refused: what runs nothing would end well.
 * @param {readonly string[]} names as the command line has them
 * @param {readonly { file: string, tier: Tier | undefined }[]} files those that can be run
 * @returns {readonly string[]}
 */
export function unknownNames(names, files) {
  const known = new Set(files.map(({ file }) => file));
  return names.filter((name) => !known.has(name));
}

/** @returns {readonly { file: string, tier: Tier | undefined }[]} every test file, by its path from the root */
export function testFiles() {
  return ["packages", "tests", "bench"]
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => /\.test\.tsx?$/.test(entry.name) && !entry.parentPath.includes("node_modules"))
        .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name))),
    )
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((file) => ({ file, tier: tierOf(file, readFileSync(path.join(root, file), "utf8")) }));
}
