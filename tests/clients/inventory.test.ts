// tier: full
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { type Ran, runMayflyd } from "@mayfly/testing/run-mayflyd.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clients } from "./clients.ts";
import { type ClientWorld, startClientWorld } from "./world.ts";

// What is proposed from one half of what applications did covers the other half: their statements as PostgreSQL itself logged
// them, and the real command.

/** How often each application does its work; every other time goes into the other half. */
const TIMES = 4;
const applications = ["node-postgres", "Sequelize", "TypeORM"];
const folder = mkdtempSync(path.join(tmpdir(), "mayfly-inventory-"));

let world: ClientWorld;
beforeAll(async () => {
  world = await startClientWorld({
    logging_collector: "on",
    log_destination: "jsonlog",
    log_statement: "all",
    log_filename: "log",
    log_rotation_age: "0",
    log_rotation_size: "0",
  });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await world.stop();
});

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

const inventory = (...args: string[]): Promise<Ran> =>
  runMayflyd(["inventory", "--connection", "shop-db", ...args]);

/** Says in the database's own log where something ends. */
const mark = (name: string): Promise<void> => world.postgres.run(`select 'mark ${name}'`);

/** The log's lines between marks, by the name of the mark that ends them. */
function piecesOf(log: string): ReadonlyMap<string, readonly string[]> {
  const pieces = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of log.split("\n")) {
    const name = /statement: select 'mark ([\w-]+)'/.exec(line)?.[1];
    if (name === undefined) lines.push(line);
    else {
      pieces.set(name, lines);
      lines = [];
    }
  }
  return pieces;
}

/** A configuration of what was proposed. */
function configured(proposal: string): string {
  const example = readFileSync(path.join(root, "examples/postgres.yaml"), "utf8");
  writeFileSync(path.join(folder, "proposed.yaml"), proposal);
  const file = path.join(folder, "mayfly.yaml");
  writeFileSync(
    file,
    `${example.slice(0, example.indexOf("connections:"))}include: [proposed.yaml]\npolicies: []\n`,
  );
  return file;
}

/** Shares of the other half's acts, from 0 to 1. */
interface Figures {
  readonly acts: number;
  /** Covered by what is proposed. */
  readonly asPrinted: number;
  /** The same, of those that nothing set apart is about. */
  readonly notApart: number;
  /** Covered once a person has granted what was set apart. */
  readonly withApart: number;
}

/** The proposal with everything that it sets apart and could grant. */
function granting(proposal: string): string {
  let isDraft = false;
  return proposal
    .split("\n")
    .map((line) => {
      if (!line.startsWith("      # ")) isDraft = false;
      const shown = isDraft ? `      ${line.slice("      # ".length)}` : line;
      if (line === "      # To grant it all the same:") isDraft = true;
      return shown;
    })
    .join("\n");
}

async function figuresOf(
  options: readonly string[],
  [mined, held]: readonly [string, string],
): Promise<Figures> {
  const proposed = (await inventory(...options, mined)).stdout;
  const check = async (proposal: string): Promise<{ covered: number; refused: number }> => {
    const { stdout } = await inventory(...options, "--json", "-c", configured(proposal), "--check", held);
    return JSON.parse(stdout) as { covered: number; refused: number };
  };
  const asPrinted = await check(proposed);
  const withApart = await check(granting(proposed));
  const acts = asPrinted.covered + asPrinted.refused;
  return {
    acts,
    asPrinted: asPrinted.covered / acts,
    notApart: asPrinted.covered / (asPrinted.covered + withApart.refused),
    withApart: withApart.covered / acts,
  };
}

test("what is proposed from one half of the work covers the other half", async () => {
  const chosen = clients.filter(({ name }) => applications.includes(name));
  expect(chosen.map(({ name }) => name).toSorted()).toEqual(applications.toSorted());
  const { postgres } = world;
  await postgres.run("create database bench");
  const server = ["-h", postgres.host, "-p", String(postgres.port), "-U", postgres.user];
  const password = { PGPASSWORD: postgres.password };
  expect((await run("pgbench", [...server, "-i", "-q", "bench"], password)).code).toBe(0);
  await mark("made");
  for (let time = 0; time < TIMES; time += 1) {
    for (const client of chosen) {
      await world.work(client, "direct");
      await mark(`shop-${time}-${client.name}`);
    }
    const done = await run(
      "pgbench",
      [...server, "-n", "-c", "2", "-t", "100", "-M", "prepared", "bench"],
      password,
    );
    expect(done.stdout).toContain("200/200");
    await mark(`bench-${time}-pgbench`);
  }
  const schema = path.join(import.meta.dirname, "schema.sql");
  await postgres.crash();
  const logs = path.join(postgres.data, "log");
  const name = readdirSync(logs).find((each) => each.endsWith(".json")) ?? "";
  const pieces = piecesOf(readFileSync(path.join(logs, name), "utf8"));
  await postgres.start();

  const figures: Record<string, Figures> = {};
  for (const database of ["shop", "bench"]) {
    const halves = [0, 1].map((half) => {
      const file = path.join(folder, `${database}-${half}.json`);
      const lines = [...pieces].filter(
        ([at]) => at.startsWith(`${database}-`) && Number(at.split("-")[1]) % 2 === half,
      );
      writeFileSync(file, lines.flatMap(([, all]) => all).join("\n"));
      return file;
    }) as [string, string];
    const options = [
      "--database",
      database,
      ...(database === "shop" ? ["--by", "mayfly", "--schema", schema] : []),
    ];
    figures[database] = await figuresOf(options, halves);
  }
  const { shop, bench } = figures;
  expect(bench?.asPrinted).toBe(1);
  // What looks secret is left to a person; with what that person is shown, all of it is covered.
  expect(shop?.withApart).toBeGreaterThanOrEqual(0.97);
  expect(shop?.notApart).toBeGreaterThanOrEqual(0.97);
  expect(shop?.acts).toBeGreaterThan(150);
  expect(bench?.acts).toBeGreaterThan(2000);
}, 300_000);
