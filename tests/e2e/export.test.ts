// tier: full
import { existsSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  httpReceiver,
  json,
  type HttpReceiver,
} from "../../packages/gateway/src/export/testing/http-receiver.ts";
import { ocsfProblems } from "../../packages/gateway/src/export/testing/ocsf-schema.ts";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

// The daemon exports its log to a file and to a collector, is killed on the way, has a destination that is away, and is told
// of another one by a reload.

let world: World;
let collector: HttpReceiver;
const file = (): string => path.join(world.folder, "audit.jsonl");
const linesOf = (name: string): readonly string[] =>
  existsSync(name) ? readFileSync(name, "utf8").split("\n").slice(0, -1) : [];

beforeAll(async () => {
  collector = await httpReceiver(json(200, {}));
  const away = await freePort();
  world = await startWorld({
    store: "sqlite",
    environment: { HEC_TOKEN: "hec-token-hunter2", COLLECTOR_KEY: "Bearer collector-hunter2" },
    configure: (text) => `${text}
export:
  destinations:
    - { name: shipper, file: { path: audit.jsonl } }
    - name: siem
      format: ocsf
      otlp:
        { url: "${collector.url}/v1/logs", headers: { authorization: { env: COLLECTOR_KEY } }, allow_insecure_loopback: true }
    - { name: away, splunk: { url: "http://127.0.0.1:${away}", token: { env: HEC_TOKEN }, allow_insecure_loopback: true } }
`,
  });
});
afterAll(async () => {
  await world.stop();
  await collector.close();
});

const metrics = async (): Promise<string> => {
  const answer = await call(world.gateway, await world.personToken("olga@example.com"), "GET", "/metrics");
  return String(answer.body);
};
/** How many records a destination has not got. */
const lagOf = async (name: string): Promise<number> =>
  Number(
    new RegExp(`mayfly_export_lag_records\\{destination="${name}"\\} (\\d+)`).exec(await metrics())?.[1] ??
      -1,
  );

interface Event {
  readonly metadata: { readonly sequence: number; readonly event_code: string };
}
const bodies = (): readonly Event[] =>
  collector.posts.flatMap(({ body }) =>
    (
      JSON.parse(body) as {
        resourceLogs: { scopeLogs: { logRecords: { body: { stringValue: string } }[] }[] }[];
      }
    ).resourceLogs.flatMap(({ scopeLogs }) =>
      scopeLogs.flatMap(({ logRecords }) =>
        logRecords.map((record) => JSON.parse(record.body.stringValue) as Event),
      ),
    ),
  );
const unique = (seqs: readonly number[]): readonly number[] => [...new Set(seqs)];
const count = (to: number): readonly number[] => Array.from({ length: to }, (_, at) => at);

async function work(times: number): Promise<void> {
  const access = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
  for (let at = 0; at < times; at += 1) {
    const { stderr } = await psql(world, access.env, ["-c", "select count(*) from orders"]);
    expect(stderr).toBe("");
  }
}

test("records arrive in order, killed or not, and a destination that is away delays nothing", async () => {
  await work(3);
  await world.gateway.stop("SIGKILL");
  await world.restart();
  await work(3);
  const exported = (): readonly { seq: number; type: string }[] =>
    linesOf(file()).map((line) => JSON.parse(line) as { seq: number; type: string });
  const acts = (): number => exported().filter(({ type }) => type === "act.intent").length;
  // What was recorded last may be unknown to the lag for a moment.
  await expect.poll(acts).toBeGreaterThanOrEqual(6);
  await expect.poll(() => lagOf("shipper")).toBe(0);
  await expect.poll(() => lagOf("siem")).toBe(0);
  const records = exported();
  const seqs = unique(records.map(({ seq }) => seq));
  expect(seqs).toEqual(count(seqs.length));
  // The file may have got what was recorded after the collector had everything.
  await expect
    .poll(() => unique(bodies().map(({ metadata }) => metadata.sequence)).slice(0, seqs.length))
    .toEqual(seqs);
  for (const event of bodies()) expect(ocsfProblems({ ...event }), JSON.stringify(event)).toEqual([]);

  const text = await metrics();
  expect(text).toMatch(/^mayfly_export_up\{destination="shipper"\} 1$/m);
  expect(text).toMatch(/^mayfly_export_up\{destination="away"\} 0$/m);
  expect(await lagOf("away")).toBeGreaterThan(10);
  expect(text).toMatch(/^mayfly_export_failures_total\{destination="away"\} [1-9]/m);
  expect(Number(/^mayfly_export_lag_seconds\{destination="away"\} (.+)$/m.exec(text)?.[1])).toBeGreaterThan(
    0,
  );
  const told = world.gateway.lines.filter(({ destination }) => destination === "away");
  expect(told).toMatchObject([
    { level: "warn", why: /ECONNREFUSED/, msg: "export: failed, and is tried again" },
  ]);
});

test("secrets are in no record, no message and no metric", async () => {
  const all = [
    readFileSync(file(), "utf8"),
    JSON.stringify(bodies()),
    JSON.stringify(world.gateway.lines),
    await metrics(),
  ];
  for (const text of all) expect(text).not.toMatch(/hunter2/);
  expect(collector.posts[0]?.headers.authorization).toBe("Bearer collector-hunter2");
});

test("a file that is rotated is begun anew, and a reload adds and removes destinations", async () => {
  renameSync(file(), `${file()}.1`);
  await work(1);
  await expect.poll(() => linesOf(file()).length).toBeGreaterThan(0);
  const last = JSON.parse(linesOf(`${file()}.1`).at(-1) ?? "") as { seq: number };
  const next = JSON.parse(linesOf(file())[0] ?? "") as { seq: number };
  expect(next.seq).toBe(last.seq + 1);

  await world.edit((text) =>
    text
      .replace(/ {4}- \{ name: away.*\n/, "")
      .replace("- { name: shipper,", "- { name: copy, file: { path: copy.jsonl } }\n    - { name: shipper,"),
  );
  world.gateway.signal("SIGHUP");
  expect(await world.gateway.line("configuration adopted")).toMatchObject({
    changes: ["removed export away", "added export copy"],
  });
  await expect.poll(() => lagOf("copy")).toBe(0);
  expect(linesOf(path.join(world.folder, "copy.jsonl")).length).toBeGreaterThan(linesOf(file()).length);
  expect(await metrics()).not.toContain('destination="away"');
});
