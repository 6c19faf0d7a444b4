// tier: full
import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  blocksOf,
  commandsOf,
  isAsShown,
  isJsonAsShown,
  openTerminal,
  type Terminal,
} from "@mayfly/testing/document.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { agentId } from "@mayfly/testing/people.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { notRun } from "./not-run.ts";
import { runBlocks, type RunBlock } from "./run.ts";

// README.md and docs/ as a reader would type them, against the demo's database, gateway and people. docs/okta-guide.md
// has a test of its own.

const pages = [
  "README.md",
  ...readdirSync(path.join(root, "docs"))
    .filter((name) => name.endsWith(".md") && name !== "okta-guide.md")
    .map((name) => `docs/${name}`),
];

/** The console blocks by page and first command, those that begin alike counted. */
function consoleBlocks(): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const page of pages)
    for (const { language, text } of blocksOf(readFileSync(path.join(root, page), "utf8"))) {
      if (language !== "console") continue;
      const name = `${page} ${text.split("\n")[0] ?? ""}`;
      let key = name;
      for (let count = 2; all.has(key); count += 1) key = `${name} (${count})`;
      all.set(key, text);
    }
  return all;
}

const blocks = consoleBlocks();

test("each console block is run, or stands among those that are not with a reason", () => {
  const known = [...runBlocks.map(({ block }) => block), ...Object.keys(notRun)];
  expect(known.toSorted()).toEqual([...blocks.keys()].toSorted());
  expect(runBlocks.length).toBeGreaterThan(15);
});

describe("typed in, it prints what the page shows", () => {
  let world: World;
  let terminal: Terminal;
  let folder: string;
  let printed = "";

  beforeAll(async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const agentKeys = [{ ...publicKey.export({ format: "jwk" }), alg: "RS256", use: "sig" }];
    world = await startWorld({
      store: "sqlite",
      agent: { agentKeys, agentDpop: false },
      // As the policy of docs/approvals.md has it.
      configure: (text) => text.replace("ttl: 2m\n    break_glass: true", "ttl: 5m\n    break_glass: true"),
    });
    folder = path.join(world.folder, "bot");
    mkdirSync(path.join(world.folder, "quick-start"));
    mkdirSync(folder);
    copyFileSync(
      path.join(root, "examples/postgres.yaml"),
      path.join(world.folder, "quick-start/mayfly.yaml"),
    );
    copyFileSync(world.gateway.caFile, path.join(folder, "mayfly-ca.pem"));
    writeFileSync(path.join(folder, "agent.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), {
      mode: 0o600,
    });
    terminal = openTerminal(folder, {
      ...world.environment,
      HOME: folder,
      XDG_STATE_HOME: "",
      LC_ALL: "C.UTF-8",
      PATH: `${path.join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
      MAYFLY_URL: world.gateway.url,
      MAYFLY_CA: path.join(folder, "mayfly-ca.pem"),
      PGSSLROOTCERT: path.join(folder, "mayfly-ca.pem"),
      PAGER: "cat",
    });
    await prepare(`mayfly login --client-id ${agentId} --key agent.pem`);
  });
  afterAll(async () => {
    await terminal.close();
    await world.stop();
  });

  /** Types what no page shows. */
  const prepare = async (command: string): Promise<void> => {
    const { code, text } = await terminal.run(command);
    if (code !== 0) throw new Error(`$ ${command}\n${text}`);
    printed += text;
  };

  /** In the clone's folder, where the pages have it typed, npx finds our commands; anywhere else it would ask a registry. */
  const withoutNpx = (text: string): string => text.replaceAll("npx mayfly", "mayfly");

  /** What stands on the pages for what is this gateway's. */
  const instead = (text: string): string => {
    const port = String(world.gateway.postgresPort);
    const names: readonly (readonly [string, string])[] = [
      ["https://mayfly.internal:8443", world.gateway.url],
      ["mayfly.internal:6432", `localhost:${port}`],
      ["PGPORT=6432", `PGPORT=${port}`],
      ['"PGPORT":"6432"', `"PGPORT":"${port}"`],
      ["https://example.okta.com/oauth2/aus4x2kq", world.okta.issuer],
      ["mayfly.internal", "localhost"],
      ["0oa1b2c3d4", agentId],
      ["%2Fhome%2Fbot", encodeURIComponent(folder)],
      ["/home/bot", folder],
    ];
    return names.reduce((all, [from, to]) => all.replaceAll(from, to), withoutNpx(text));
  };

  /** The ids of the page that stand for others are those that were printed last. */
  const withIds = (text: string, ids: readonly string[]): string =>
    ids.reduce((all, id) => {
      const last = [
        ...printed.matchAll(new RegExp(`\\b${id.slice(0, id.indexOf("_"))}_[0-9a-z]{16}\\b`, "gu")),
      ].at(-1);
      return all.replaceAll(id, last?.[0] ?? id);
    }, text);

  const places = {
    bot: () => folder,
    gateway: () => world.folder,
    "quick-start": () => path.join(world.folder, "quick-start"),
  };

  /** Types one command, and compares what came with what the page shows. */
  const type = async (command: string, output: readonly string[]): Promise<void> => {
    // A blank line above the next command is the page's.
    const shown = output.slice(0, output.findLastIndex((line) => line !== "") + 1);
    const { code, text } = await terminal.run(command);
    printed += text;
    const isJson = shown[0]?.startsWith("{") === true;
    const isGood =
      shown.length === 0 ? code === 0 : isJson ? isJsonAsShown(shown, text) : isAsShown(shown, text);
    if (!isGood)
      throw new Error(
        `$ ${command}\n--- the page shows\n${shown.join("\n")}\n--- it ended with ${code} and printed\n${text}`,
      );
  };

  const typeAll = async ({ block, isShell }: RunBlock, text: string): Promise<void> => {
    const commands = commandsOf(text);
    if (isShell !== true) {
      for (const { command, output } of commands) await type(command, output);
      return;
    }
    const [first, ...inside] = commands;
    if (first === undefined) throw new Error(`${block} has no command`);
    const typed = inside.map(({ command }) => command).join("\n");
    // In a shell that is not a terminal no prompt stands between what the commands print.
    await type(
      `${first.command} <<'END'\n${typed}\nEND`,
      commands.flatMap(({ output }) => output),
    );
  };

  test.each(runBlocks)("$block", async (run) => {
    const token = run.as === undefined ? await world.agentToken() : await world.personToken(run.as);
    await terminal.run(
      `export TOKEN=${token}; ${run.as === undefined ? "unset MAYFLY_TOKEN" : `export MAYFLY_TOKEN=${token}`}`,
    );
    await terminal.run(`cd ${run.where === undefined ? "." : places[run.where]()}`);
    if (run.before !== undefined) await prepare(run.before);
    // The quick start's file has the page's own names in it.
    const ofWorld = run.where === "quick-start" ? withoutNpx : instead;
    const text = withIds(ofWorld(blocks.get(run.block) ?? ""), run.ids ?? []);
    await expect(typeAll(run, text)).resolves.toBeUndefined();
  });
});
