import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

// Which folder of the gateway may import which stands once: in packages/gateway/imports.json. This writes from it the
// linter's rules (.oxlintrc.json) and the table in docs/architecture.md. With --check it writes nothing, and exits with
// 1 when one of them is not what the table says, or when a file imports what it must not.

/** One folder of packages/gateway/src. */
export interface Room {
  /** The folders that it may import. */
  readonly imports: readonly string[];
  /** The workspace's packages that it may import; left out: none. */
  readonly packages?: readonly string[] | "all";
  /** It may import the types of all folders. */
  readonly typesOfAll?: boolean;
  /** Its folders must not import each other. */
  readonly foldersApart?: boolean;
}

/** Every folder, in the order of the page. */
export type ImportTable = Readonly<Record<string, Room>>;

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const source = "packages/gateway/src";

export function readTable(): ImportTable {
  return JSON.parse(readFileSync(path.join(root, "packages/gateway/imports.json"), "utf8")) as ImportTable;
}

/** The linter's override for one folder. */
function overrideOf(table: ImportTable, folder: string, room: Room): object {
  const forbidden = Object.keys(table).filter((each) => each !== folder && !room.imports.includes(each));
  const allowed =
    room.imports.length === 0 ? "imports nothing of ours" : `may import ${room.imports.join(", ")} only`;
  const folders = {
    group: forbidden.map((each) => `**/${each}/**`),
    message: `${folder} ${allowed}: see the import table in docs/architecture.md`,
    ...(room.typesOfAll === true ? { allowTypeImports: true } : {}),
  };
  const given = room.packages ?? [];
  const packages = {
    group: ["@mayfly/*", ...(given === "all" ? [] : given.map((name) => `!${name}`))],
    message:
      given.length === 0
        ? "the gateway imports no other package of the workspace"
        : `${folder} imports no other package of the workspace than ${String(given)}`,
  };
  const permits = {
    group: ["**/gate/permit.ts"],
    importNames: ["mintPermit"],
    message: "only the gate mints permits",
  };
  return {
    files: [`${source}/${folder}/**/*.ts`],
    excludeFiles: ["**/*.test.ts", "**/testing/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            ...(forbidden.length === 0 ? [] : [folders]),
            ...(given === "all" ? [] : [packages]),
            ...(folder === "gate" ? [] : [permits]),
          ],
        },
      ],
    },
  };
}

interface LintConfiguration {
  readonly overrides: readonly { readonly files: readonly string[] }[];
}

/** The linter's configuration with the table's rules in the place of those that it has. */
export function linted(table: ImportTable, configuration: LintConfiguration): LintConfiguration {
  const others = configuration.overrides.filter(
    ({ files }) => !files.some((file) => file.startsWith(`${source}/`)),
  );
  const rooms = Object.entries(table).map(([folder, room]) => overrideOf(table, folder, room));
  return { ...configuration, overrides: [...(rooms as LintConfiguration["overrides"]), ...others] };
}

/** What a folder may import, in words. */
function allowance(table: ImportTable, folder: string, room: Room): string {
  const { imports, typesOfAll, foldersApart } = room;
  const names = Object.keys(table);
  const missing = names.filter((each) => each !== folder && !imports.includes(each));
  if (imports.length === 0) return "nothing of ours";
  if (missing.length === 0) return "anything";
  const list = imports.length > 6 ? `all but ${missing.join(", ")}` : imports.join(", ");
  if (typesOfAll === true) return `${list}, and the types of all`;
  return foldersApart === true ? `${list}; each its own folder only` : list;
}

const BEGIN = "<!-- import table: begin -->\n";
const END = "<!-- import table: end -->";

/** The page with the table's rows in the place of those that it has. @throws Error when it has no such table */
export function documented(table: ImportTable, page: string): string {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error("docs/architecture.md has no import table");
  const rows = Object.entries(table).map(
    ([folder, room]) => `| ${folder} | ${allowance(table, folder, room)} |\n`,
  );
  const header = "| folder | may import |\n| --- | --- |\n";
  return `${page.slice(0, start)}${BEGIN}${header}${rows.join("")}${page.slice(end)}`;
}

/** One import of a file of the gateway, both by their paths under its sources. */
export interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
  /** What of it, as written between the braces. */
  readonly names: string;
}

const statement =
  /^(?:import|export)\s+(type\s)?([^;"']*?)\s*from\s+"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)|^import\s+"(\.[^"]+)"/gm;

/** The imports of one file, from the gateway's own sources. */
export function importsOf(file: string, text: string): readonly Import[] {
  return Array.from(text.matchAll(statement), ([, type, names = "", first, second, third]) => ({
    from: file,
    to: path.posix.normalize(path.posix.join(path.posix.dirname(file), first ?? second ?? third ?? "")),
    isType: type !== undefined,
    names,
  }));
}

/** What is wrong with an import, or undefined. */
export function problemOf(table: ImportTable, { from, to, isType, names }: Import): string | undefined {
  const [folder = "", own] = from.split("/");
  const [target = "", other] = to.split("/");
  const room = table[folder];
  if (room === undefined) return `${from}: ${folder} is no folder of the table`;
  if (target === "..") return `${from} imports what is not the gateway's own`;
  if (/\bmintPermit\b/.test(names) && folder !== "gate") return `${from}: only the gate mints permits`;
  if (folder === target)
    return room.foldersApart === true && own !== other
      ? `${from} imports ${to}: the folders of ${folder} never import each other`
      : undefined;
  if (room.imports.includes(target) || (room.typesOfAll === true && isType)) return undefined;
  return `${from} imports ${to}: ${folder} may not import ${target}`;
}

/** Every file of the gateway that is bound by the table. @throws Error when there are none */
export function boundFiles(): readonly string[] {
  const files = readdirSync(path.join(root, source), { recursive: true, encoding: "utf8" })
    .map((file) => file.split(path.sep).join("/"))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.includes("/testing/"));
  if (files.length === 0) throw new Error(`there are no files in ${source}`);
  return files;
}

/** Every import that the table forbids, in words. */
export function problems(table: ImportTable): readonly string[] {
  return boundFiles().flatMap((file) =>
    importsOf(file, readFileSync(path.join(root, source, file), "utf8")).flatMap(
      (each) => problemOf(table, each) ?? [],
    ),
  );
}

function main(isCheck: boolean): void {
  const table = readTable();
  const wrong = [...problems(table)];
  const lintFile = path.join(root, ".oxlintrc.json");
  const configuration = JSON.parse(readFileSync(lintFile, "utf8")) as LintConfiguration;
  const wantedLint = linted(table, configuration);
  const pageFile = path.join(root, "docs/architecture.md");
  const page = readFileSync(pageFile, "utf8");
  const wantedPage = documented(table, page);
  if (isCheck) {
    const hint = "hint: run node scripts/import-table.ts and commit what it writes";
    if (JSON.stringify(configuration) !== JSON.stringify(wantedLint))
      wrong.push(`.oxlintrc.json differs from packages/gateway/imports.json; ${hint}`);
    if (page !== wantedPage)
      wrong.push(`docs/architecture.md differs from packages/gateway/imports.json; ${hint}`);
  } else {
    writeFileSync(lintFile, `${JSON.stringify(wantedLint, null, 2)}\n`);
    writeFileSync(pageFile, wantedPage);
    spawnSync("oxfmt", [lintFile], { stdio: "inherit" });
  }
  for (const each of wrong) console.error(each);
  if (wrong.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes("--check"));
