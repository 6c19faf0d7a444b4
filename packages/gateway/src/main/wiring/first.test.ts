import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Configuration } from "../../configuration/types.ts";
import { systemClock } from "../../kernel/clock.ts";
import type { GatewayOptions, GatewayWorker } from "../gateway.ts";
import { load } from "../load.ts";
import { reload, type Reload } from "../reload.ts";
import { loadFirst } from "./first.ts";

// What a worker adopts: the file that the others run, or nothing.

const text =
  "url: https://gw.example/\nidentity: { agents: { issuer: https://okta.example/oauth2/a, audience: api }, people: { oidc: { issuer: https://okta.example, client_id: 0oa9, client_secret: { env: SECRET } } } }\n";
const environment = { SECRET: "a-secret-of-the-client" };
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-first-"));
  file = join(folder, "mayfly.yaml");
  writeFileSync(file, text);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function read(): Promise<Configuration> {
  const loaded = await load(file, [], environment);
  if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
  return loaded.configuration;
}

/** Starts a worker. @param configuration the digest of what the others run */
async function startedWith(configuration: string): Promise<string> {
  const worker: GatewayWorker = {
    place: { own: 2, count: 2 },
    siblings: {} as GatewayWorker["siblings"],
    configuration,
  };
  const logger = pino({ level: "silent" });
  const options: GatewayOptions = { file, environment, clock: systemClock, logger, worker };
  return (await loadFirst(options, [])).adopted.configuration.digest;
}

test("a worker starts with the configuration that the others run, and with no other", async () => {
  const { digest } = await read();
  expect(await startedWith(digest)).toBe(digest);
  writeFileSync(file, text.replace("gw.example", "other.example"));
  await expect(startedWith(digest)).rejects.toMatchObject({
    code: "configuration_refused",
    message: expect.stringContaining("is not the configuration that the other workers run"),
  });
  writeFileSync(file, text.slice(0, 60));
  await expect(startedWith(digest)).rejects.toMatchObject({ code: "configuration_refused" });
  writeFileSync(file, text);
  expect(await startedWith(digest)).toBe(digest);
});

test("a worker adopts what the first one adopted, and not what was written since", async () => {
  const before = await read();
  writeFileSync(file, `${text}limits: { pending_per_principal: 3 }\n`);
  const { digest } = await read();
  const adopted: string[] = [];
  const reloadTo = (expected: string): Promise<Reload> =>
    reload({
      file,
      environment,
      protocols: [],
      log: { append: () => 0, sync: () => Promise.resolve() } as never,
      clock: systemClock,
      current: () => before,
      placed: (configuration) => configuration,
      adopt({ configuration }) {
        adopted.push(configuration.digest);
        return Promise.resolve({ ended: 0, voided: 0 });
      },
      expected,
    });
  expect(await reloadTo(before.digest)).toMatchObject({
    adopted: false,
    why: [expect.stringContaining("not the one that the other workers adopted")],
  });
  expect(adopted).toEqual([]);
  expect(await reloadTo(digest)).toMatchObject({ adopted: true });
  expect(adopted).toEqual([digest]);
});
