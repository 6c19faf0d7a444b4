import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { afterEach, expect, test } from "vitest";
import type { LeavingCheckpoint } from "./destination.ts";
import { startServer } from "./testing/servers.ts";
import { checkpointOf } from "./testing/scene.ts";
import { cosignerKey, cosignatureOf } from "./testing/cosigner.ts";
import { witnessDestination } from "./witness.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const never = new AbortController().signal;
const { privateKey } = generateKeyPairSync("ed25519");
const key = cosignerKey("witness.test", privateKey);

interface GivenAnswer {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

/** A witness that gives these answers, one after the other; the last one again and again. */
async function witnessOf(...answers: ((note: string) => GivenAnswer)[]) {
  const asked: string[] = [];
  const at = await startServer((_request, response, body) => {
    asked.push(body);
    const note = body.slice(body.indexOf("\n\n") + 2);
    const given = answers[Math.min(asked.length, answers.length) - 1]?.(note);
    response.writeHead(given?.status ?? 500, { "content-type": given?.type ?? "text/plain" });
    response.end(given?.body);
  });
  const kept: LeavingCheckpoint[] = [];
  const port = witnessDestination({
    settings: { name: "witness", kind: "witness", url: at.url, key },
    clock: fakeClock(),
    prover: { proveGrowth: async (_note, old) => [Buffer.alloc(32, old).toString("base64")], close: never },
    kept: { deliver: async (checkpoint) => void kept.push(checkpoint), close: () => undefined },
  } as Parameters<typeof witnessDestination>[0]);
  undo.push(async () => {
    await port.close();
    await at.close();
  });
  return { port, asked, kept };
}

const cosigns =
  (by: KeyObject = privateKey, name = "witness.test") =>
  (note: string): GivenAnswer => ({ status: 200, body: cosignatureOf(name, by, note, 1_700_000_000) });
const conflict = (size: number) => (): GivenAnswer => ({
  status: 409,
  type: "text/x.tlog.size",
  body: `${size}\n`,
});
const says = (status: number) => (): GivenAnswer => ({ status, body: "hunter2" });

test("the witness says which size it has seen, gets the proof from there on, and its cosignature is kept", async () => {
  const { port, asked, kept } = await witnessOf(conflict(3), cosigns());
  const checkpoint = checkpointOf(9);
  await port.deliver(checkpoint, never);
  expect(asked).toEqual([
    `old 0\n\n${checkpoint.note}`,
    `old 3\n${Buffer.alloc(32, 3).toString("base64")}\n\n${checkpoint.note}`,
  ]);
  const line = cosignatureOf("witness.test", privateKey, checkpoint.note, 1_700_000_000);
  expect(kept).toEqual([{ ...checkpoint, note: checkpoint.note + line }]);
  expect(port.cosigned()).toEqual({ size: 9, line });
  await port.deliver(checkpointOf(12), never);
  expect(asked[2]).toMatch(/^old 9\n/);
});

test("of what the witness adds, one verified line of its own is kept, however many it gives", async () => {
  const other = generateKeyPairSync("ed25519").privateKey;
  const { port, kept } = await witnessOf((note) => ({
    status: 200,
    body: cosignatureOf("other.test", other, note, 1) + cosigns()(note).body.repeat(12),
  }));
  const checkpoint = checkpointOf(9);
  await port.deliver(checkpoint, never);
  expect(kept[0]?.note).toBe(checkpoint.note + cosigns()(checkpoint.note).body);
  expect(port.cosigned()?.line).toBe(cosigns()(checkpoint.note).body);
});

const forged = sign(null, Buffer.from("x"), privateKey).toString("base64");
test.each<[string, ((note: string) => GivenAnswer)[], RegExp]>([
  [
    "has seen more",
    [conflict(10)],
    /has seen 10 records of this log, which holds 9: records are missing here/,
  ],
  [
    "has seen another log",
    [conflict(9), conflict(9)],
    /has seen another log of the same name with 9 records/,
  ],
  ["changes its mind for ever", [conflict(1), conflict(2), conflict(3)], /^answered 409$/],
  ["says no size", [says(409)], /^answered 409$/],
  ["knows no such log", [says(404)], /does not know the log gateway.test/],
  ["knows no such key", [says(403)], /not the key that signed/],
  ["finds the proof wrong", [says(422)], /is not what it was with 0 records: verify the log/],
  ["answers with nothing", [() => ({ status: 200, body: "" })], /no cosignature of its key/],
  [
    "answers with more than that",
    [(note) => ({ status: 200, body: cosigns()(note).body.repeat(100) })],
    /^answered with more than 4096 bytes of cosignatures$/,
  ],
  [
    "answers with another text",
    [(note) => ({ status: 200, body: `more\n\n${cosigns()(note).body}` })],
    /what is no signature/,
  ],
  [
    "answers with one of its own that does not verify before one that does",
    [(note) => ({ status: 200, body: cosigns()(checkpointOf(8).note).body + cosigns()(note).body })],
    /does not verify/,
  ],
  ["answers with garbage", [() => ({ status: 200, body: "hunter2\n" })], /what is no signature/],
  [
    "answers with another's cosignature",
    [cosigns(generateKeyPairSync("ed25519").privateKey)],
    /no cosignature/,
  ],
  [
    "answers with another checkpoint's cosignature",
    [() => cosigns()(checkpointOf(8).note)],
    /the cosignature by witness.test\+[0-9a-f]{8} does not verify/,
  ],
  [
    "signs without a time",
    [(note) => ({ status: 200, body: `— witness.test ${forged}\n${note.slice(0, 0)}` })],
    /no cosignature of its key/,
  ],
])("a witness that %s is a failure, and nothing is kept", async (_, answers, words) => {
  const { port, kept } = await witnessOf(...answers);
  await expect(port.deliver(checkpointOf(9), never)).rejects.toThrow(words);
  expect(kept).toEqual([]);
  expect(port.cosigned()).toBeUndefined();
});
