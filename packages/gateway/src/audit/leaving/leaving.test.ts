import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOutside } from "@mayfly/audit-verifier";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CheckpointDestination } from "../../kernel/checkpoint-settings.ts";
import { Secret } from "../../kernel/secret.ts";
import { startLeaving, type Leaving } from "./leaving.ts";
import { cosignatureOf, cosignerKey } from "./testing/cosigner.ts";
import { checkpointOf, origin } from "./testing/scene.ts";
import { webhookDestination } from "./webhook.ts";
import { startServer, type TestServer } from "./testing/servers.ts";

let folder = "";
const undo: (() => Promise<void> | void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-leaving-"));
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
  rmSync(folder, { recursive: true });
});

const MINUTE_MS = 60_000;

function scene(...to: CheckpointDestination[]) {
  const clock = fakeClock();
  const said: string[] = [];
  const leaving = startLeaving({
    settings: { every: 10 * MINUTE_MS, to },
    origin,
    cosigned: folder,
    clock,
    prover: { proveGrowth: async () => [], close: async () => undefined },
    onProblem: (destination, problem) => said.push(`${destination}: ${problem}`),
    onRecovered: (destination, records) => said.push(`${destination} is back at ${records}`),
  });
  undo.push(() => leaving.stop());
  return { clock, said, leaving };
}

async function receiver(listener: Parameters<typeof startServer>[0]): Promise<TestServer> {
  const started = await startServer(listener);
  undo.push(() => started.close());
  return started;
}

const webhook = (url: string): CheckpointDestination => ({
  name: "hook",
  kind: "webhook",
  url,
  headers: new Map([["authorization", new Secret("Bearer hunter2")]]),
});
const file = (name: string, path: string): CheckpointDestination => ({ name, kind: "file", path });

/** Real I/O goes on while the clock stands still. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const countsOf = (leaving: Leaving) =>
  Object.fromEntries(
    leaving.states().map(({ name, delivered, failed, records }) => [name, { delivered, failed, records }]),
  );

test("the first checkpoint leaves at once, and then the newest one each time the schedule comes round", async () => {
  const path = join(folder, "outside");
  const { clock, leaving, said } = scene(file("disk", path));
  const sizes = (): readonly number[] => readOutside(path).map(({ note }) => Number(note.split("\n")[1]));
  leaving.offer(checkpointOf(1));
  clock.advance(0);
  await until(() => leaving.states()[0]?.delivered === 1);
  for (const size of [2, 3, 4]) {
    clock.advance(2 * MINUTE_MS);
    leaving.offer(checkpointOf(size));
  }
  expect(sizes()).toEqual([1]);
  expect(leaving.states()[0]?.behind).toBe(4 * MINUTE_MS);
  clock.advance(4 * MINUTE_MS);
  await until(() => leaving.states()[0]?.delivered === 2);
  expect(sizes()).toEqual([1, 4]);
  expect(leaving.states()[0]).toMatchObject({ behind: 0, isUp: true, records: 4 });
  clock.advance(60 * MINUTE_MS);
  expect(sizes()).toEqual([1, 4]);
  expect(said).toEqual([]);
});

test("a stop brings the last checkpoint, whenever the schedule would have come round", async () => {
  const path = join(folder, "outside");
  const { clock, leaving } = scene(file("disk", path));
  leaving.offer(checkpointOf(1));
  clock.advance(0);
  await until(() => leaving.states()[0]?.delivered === 1);
  leaving.offer(checkpointOf(99));
  await leaving.stop();
  expect(readOutside(path).at(-1)?.note).toBe(checkpointOf(99).note);
});

test("a destination that is down delays no other, comes back after growing pauses with the newest alone, and is loud", async () => {
  let isUp = false;
  const bodies: string[] = [];
  const at = await receiver((request, response, body) => {
    if (isUp) bodies.push(body);
    response.writeHead(isUp ? 204 : 500).end(`you sent ${request.headers.authorization}`);
  });
  const { clock, leaving, said } = scene(webhook(at.url), file("disk", join(folder, "outside")));
  leaving.offer(checkpointOf(1));
  clock.advance(0);
  await until(() => countsOf(leaving)["disk"]?.delivered === 1 && countsOf(leaving)["hook"]?.failed === 1);
  for (const [failures, pause] of [
    5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000,
  ].entries()) {
    clock.advance(pause - 1);
    expect(countsOf(leaving)["hook"]?.failed).toBe(failures + 1);
    clock.advance(1);
    await until(() => countsOf(leaving)["hook"]?.failed === failures + 2);
    leaving.offer(checkpointOf(10 + failures));
  }
  expect(leaving.states()[0]).toMatchObject({ isUp: false, behind: 915_000, records: 0 });
  isUp = true;
  clock.advance(300_000);
  await until(() => countsOf(leaving)["hook"]?.delivered === 1);
  expect(bodies).toEqual([checkpointOf(17).note]);
  expect(said.filter((line) => line.startsWith("hook"))).toEqual([
    ...Array<string>(9).fill("hook: answered 500"),
    "hook is back at 17",
  ]);
});

test("whatever a witness answers, the other destinations get the checkpoint, and can be verified with", async () => {
  const [evil, honest] = [
    generateKeyPairSync("ed25519").privateKey,
    generateKeyPairSync("ed25519").privateKey,
  ];
  const noteIn = (body: string): string => body.slice(body.indexOf("\n\n") + 2);
  const MAX_ANSWER = 65_536;
  const lying = await receiver((_request, response, body) => {
    const line = cosignatureOf("evil.test", evil, noteIn(body), 1_700_000_000);
    response.end(line.repeat(Math.floor(MAX_ANSWER / Buffer.byteLength(line))));
  });
  const telling = await receiver((_request, response, body) =>
    response.end(cosignatureOf("honest.test", honest, noteIn(body), 1_700_000_000)),
  );
  const [path, below] = [join(folder, "outside"), join(folder, "below")];
  mkdirSync(below);
  const { clock, leaving, said } = scene(
    { name: "evil", kind: "witness", url: lying.url, key: cosignerKey("evil.test", evil) },
    { name: "honest", kind: "witness", url: telling.url, key: cosignerKey("honest.test", honest) },
    file("disk", path),
    { name: "below", kind: "folder", path: below },
  );
  leaving.offer(checkpointOf(1));
  clock.advance(0);
  await until(() => leaving.states().every(({ delivered, failed }) => delivered + failed > 0));
  expect(said).toEqual(["evil: answered with more than 4096 bytes of cosignatures"]);
  const { note } = checkpointOf(1);
  const cosigned = note + cosignatureOf("honest.test", honest, note, 1_700_000_000);
  for (const place of [path, below, join(folder, "honest.txt")])
    expect(readOutside(place).map((one) => one.note)).toEqual([cosigned]);
  expect(existsSync(join(folder, "evil.txt"))).toBe(false);
});

test("a destination that never answers is given up in time, at a stop as well", async () => {
  const arrived: string[] = [];
  const at = await receiver((request) => arrived.push(String(request.headers.authorization)));
  const { clock, leaving, said } = scene(webhook(at.url));
  leaving.offer(checkpointOf(1));
  clock.advance(0);
  await until(() => arrived.length === 1);
  clock.advance(10_000);
  await until(() => said.length === 1);
  expect(said).toEqual(["hook: no whole answer within 10 s"]);
  const stopped = leaving.stop();
  await until(() => arrived.length === 2);
  clock.advance(8000);
  await stopped;
  expect(arrived).toEqual(["Bearer hunter2", "Bearer hunter2"]);
  expect(said.slice(1).toSorted()).toEqual([
    "hook: the gateway stopped, and the checkpoint of its 1 records is not there",
    "hook: the gateway stops",
  ]);
});

test.each([
  ["a redirect", 307, { location: "https://elsewhere.example/" }, "answered 307: redirects are not followed"],
  ["a refusal", 401, { "www-authenticate": "Bearer hunter2" }, "answered 401"],
])("%s is a failure whose words quote nothing", async (_, status, headers, words) => {
  const at = await receiver((_request, response) => response.writeHead(status, headers).end("hunter2"));
  const { clock, leaving, said } = scene(webhook(at.url));
  leaving.offer(checkpointOf(1));
  clock.advance(0);
  await until(() => said.length === 1);
  expect(said).toEqual([`hook: ${words}`]);
});

test("a webhook is told the log's name by a header where that can hold it, and by the note at any rate", async () => {
  const got: [unknown, unknown, string][] = [];
  const at = await receiver((request, response, body) => {
    got.push([request.headers["mayfly-log"], request.headers["mayfly-records"], body]);
    response.end();
  });
  const hook = webhookDestination(
    { name: "hook", kind: "webhook", url: at.url, headers: new Map() },
    fakeClock(),
  );
  const [plain, beyond] = [checkpointOf(7), checkpointOf(8, "журнал")];
  for (const checkpoint of [plain, beyond]) await hook.deliver(checkpoint, new AbortController().signal);
  await hook.close();
  expect(got).toEqual([
    [origin, "7", plain.note],
    [undefined, "8", beyond.note],
  ]);
});
