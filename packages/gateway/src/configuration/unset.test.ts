import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadConfiguration } from "./load.ts";
import { good, goodEnvironment } from "./testing/good.ts";
import { testProtocol } from "./testing/protocol.ts";
import type { NeededSecrets } from "./unset.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "mayfly-unset-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** The second connection reaches its database with the first one's password; the store is elsewhere. */
const shared = good
  .replace(
    "connections:\n",
    "connections:\n  other-db:\n    postgres: { host: db.internal, database: other, user: mayfly, password: { env: ORDERS_PASSWORD } }\n    operations: { look: { statements: [select], tables: { public.t: all } } }\n",
  )
  .replace(/sqlite:\S+/, "{ postgres: { env: STORE_URL } }");
const { ORDERS_PASSWORD: _, ...others } = goodEnvironment;

async function load(
  environment: NodeJS.ProcessEnv,
  needed: NeededSecrets,
): ReturnType<typeof loadConfiguration> {
  const file = join(folder, "mayfly.yaml");
  writeFileSync(file, shared);
  return loadConfiguration(file, [testProtocol], environment, needed);
}

const store = { STORE_URL: "postgres://mayfly@db/mayfly" };

describe("a variable that is not set", () => {
  test("is one problem at its first place, however often it is named", async () => {
    const line = shared.split("\n").findIndex((each) => each.includes("ORDERS_PASSWORD")) + 1;
    const problem = {
      line,
      message: "the environment variable ORDERS_PASSWORD is not set",
      hint: "set ORDERS_PASSWORD in the environment of mayflyd; 1 other place of the configuration names it too",
    };
    const loaded = await load({ ...others, ...store }, "required");
    expect(loaded).toMatchObject({ ok: false, problems: [problem] });
    const named = await load({ ...others, ...store }, "named");
    expect(named).toMatchObject({ ok: true, unset: [problem] });
    expect(JSON.stringify([loaded, named])).not.toContain('"variable"');
  });

  test("keeps nobody from a command that does not use it", async () => {
    const none = await load({}, []);
    expect(none.ok).toBe(true);
    const loaded = await load({ ...store }, [["store"], ["audit"]]);
    expect(loaded.ok ? loaded.configuration.store : loaded.problems).toMatchObject({ kind: "postgres" });
    expect(loaded.ok ? loaded.unset.map(({ message }) => message) : []).toEqual([
      "the environment variable GATEWAY_SECRET is not set",
      "the environment variable OKTA_SECRET is not set",
      "the environment variable ORDERS_PASSWORD is not set",
    ]);
  });

  test("keeps those from it who do", async () => {
    const problemsOf = async (needed: NeededSecrets): Promise<unknown> => {
      const loaded = await load({}, needed);
      return loaded.ok
        ? []
        : loaded.problems.map(({ message }) => message.replace("the environment variable ", ""));
    };
    expect(await problemsOf([["store"]])).toEqual(["STORE_URL is not set"]);
    expect(await problemsOf([["connections", "other-db"]])).toEqual(["ORDERS_PASSWORD is not set"]);
    expect(await problemsOf([["identity", "agents"]])).toEqual(["GATEWAY_SECRET is not set"]);
  });
});
