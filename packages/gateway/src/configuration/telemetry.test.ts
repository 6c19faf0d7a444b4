import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeChanges } from "./changes.ts";
import { loadConfiguration } from "./load.ts";
import { goodEnvironment } from "./testing/good.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-telemetry-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const load = async (more: string, token?: string): ReturnType<typeof loadConfiguration> => {
  const file = join(folder, "mayfly.yaml");
  await writeFile(
    file,
    `url: https://gw.example\nidentity: { agents: { issuer: "https://okta.example/a", audience: api } }\n${more}\n`,
  );
  return loadConfiguration(file, [], {
    ...goodEnvironment,
    ...(token === undefined ? {} : { SCRAPE: token }),
  });
};
const problemsOf = async (more: string, token?: string): Promise<readonly string[]> => {
  const loaded = await load(more, token);
  return loaded.ok ? [] : loaded.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
};
const token = "telemetry: { metrics: { token: { env: SCRAPE } } }";

test("the port for metrics needs a token, unless nobody but this machine reaches it", async () => {
  for (const host of ["127.0.0.1", "localhost", "[::1]"])
    expect(await problemsOf(`listen: { metrics: "${host}:9464" }`)).toEqual([]);
  for (const host of ["0.0.0.0", "10.1.2.3", "[::]", "127.0.0.1.example"])
    expect(await problemsOf(`listen: { metrics: "${host}:9464" }`)).toEqual([
      "3:20 whoever reaches this port could read the metrics",
    ]);
  expect(await problemsOf(`listen: { metrics: "0.0.0.0:9464" }\n${token}`, TOKEN)).toEqual([]);
});

test("it is a port of its own", async () => {
  expect(await problemsOf(`listen: { https: "127.0.0.1:9464", metrics: "127.0.0.1:9464" }`)).toEqual([
    "3:45 this is the address that https listens on",
  ]);
});

test.each(["short", TOKEN.slice(0, 19), `${TOKEN} `, `${TOKEN.slice(8)}=${TOKEN}`])(
  "a secret that is no token is refused, and not repeated: %j",
  async (bad) => {
    const problems = await problemsOf(token, bad);
    expect(problems).toEqual(["3:32 this secret is no bearer token of at least 20 characters"]);
  },
);

test("a token that is not set is one problem, at its place", async () => {
  expect(await problemsOf(token)).toEqual(["3:39 the environment variable SCRAPE is not set"]);
});

test("another value is a change that a reload adopts", async () => {
  const before = await load(token, TOKEN);
  const after = await load(token, TOKEN.toUpperCase());
  const none = await load("");
  if (!before.ok || !after.ok || !none.ok) throw new Error("one did not load");
  const changes = describeChanges(before.configuration, after.configuration);
  expect(changes.map(({ what, needsRestart }) => [what, needsRestart])).toEqual([
    ["setting telemetry", false],
  ]);
  expect(describeChanges(none.configuration, none.configuration)).toEqual([]);
  expect(none.configuration.telemetry).toBeUndefined();
});
