// Saves what a gateway of some version leaves behind when it stops, for tests/e2e/upgrade.test.ts:
// `node scripts/save-state.ts --checkout FOLDER-OF-THAT-VERSION --out tests/upgrade/states/0.1.0.tar.gz`.
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import type * as api from "@mayfly/testing/api.ts";
import type * as world from "@mayfly/testing/world.ts";
import { savedPorts, type SavedState } from "@mayfly/testing/saved-state.ts";

const { values } = parseArgs({ options: { checkout: { type: "string" }, out: { type: "string" } } });
const { checkout, out } = values;
if (checkout === undefined || out === undefined)
  throw new Error("usage: node scripts/save-state.ts --checkout FOLDER --out FILE");

/** A module of that version's test support. */
const from = (name: string): Promise<unknown> =>
  import(pathToFileURL(path.resolve(checkout, "packages/testing/src", name)).href);
const { call, getAccess } = (await from("api.ts")) as typeof api;
const { startWorld, psql } = (await from("world.ts")) as typeof world;

const stage = await startWorld({ store: "sqlite", ports: savedPorts });
try {
  const token = await stage.agentToken();
  const person = await stage.personToken("rosa@example.com");
  const live = await getAccess(stage.gateway, token, "orders-db", ["read-orders"], "15m");
  const released = await getAccess(stage.gateway, token, "orders-db", ["read-orders"], "15m");
  for (const access of [live, released])
    for (let at = 0; at < 30; at += 1) {
      const ran = await psql(stage, access.env, [
        "-c",
        `select count(*) from orders where id > ${at}`,
        "-c",
        "select * from nothing_granted",
      ]);
      if (!ran.stdout.includes("count")) throw new Error(ran.stderr);
    }
  await call(stage.gateway, token, "DELETE", `/v1/grants/${released.grant}`);
  const ask = (reason: string): Promise<api.ApiAnswer> =>
    call(stage.gateway, token, "POST", "/v1/requests", {
      connection: "orders-db",
      operations: ["refund-order"],
      reason,
    });
  const waiting = (await ask("TICKET-2 waits")).body as { id: string };
  const refused = (await ask("TICKET-3 is refused")).body as { id: string; digest: string };
  const { status, body } = await call(stage.gateway, person, "POST", `/v1/requests/${refused.id}/refuse`, {
    digest: refused.digest,
    comment: "not this one",
  });
  if (status !== 200) throw new Error(`the refusal was answered ${status}: ${JSON.stringify(body)}`);
  const how = await stage.gateway.stop();
  if (how !== 0) throw new Error(`mayflyd ended with ${how}`);
  const state: SavedState = {
    at: Date.now(),
    live: { grant: live.grant, env: live.env },
    released: { grant: released.grant, env: released.env },
    waiting: waiting.id,
    refused: refused.id,
  };
  await writeFile(path.join(stage.folder, "state.json"), JSON.stringify(state));
  execFileSync("tar", [
    "-czf",
    path.resolve(out),
    "-C",
    stage.folder,
    "data",
    "mayfly.yaml",
    "okta-metadata.xml",
    "state.json",
  ]);
} finally {
  await stage.stop();
}
