// Rows of a result with a masked column, beside the same rows without: what the server's half of a session costs alone.
import { mintPermit } from "../../packages/gateway/src/gate/permit.ts";
import type { PostgresCover } from "../../packages/gateway/src/protocols/postgres/act.ts";
import { kindOfType } from "../../packages/gateway/src/protocols/postgres/masks/column.ts";
import type { MaskMethod } from "../../packages/gateway/src/protocols/postgres/masks/method.ts";
import { createBackend } from "../../packages/gateway/src/protocols/postgres/relay/backend/backend.ts";
import { Expected } from "../../packages/gateway/src/protocols/postgres/relay/expected.ts";
import { createShared } from "../../packages/gateway/src/protocols/postgres/relay/shared.ts";
import { frame, int32 } from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { type } from "../../packages/gateway/src/protocols/postgres/wire/framing.ts";
import { cpuOf } from "./measure.ts";
import { printRows, rowsAt, us } from "./table.ts";

const READ_BYTES = 65_536;
const TEXT = 25;
const full = "public.customers.email";

const field = (name: string, attnum: number): readonly (string | Buffer | number)[] => [
  name,
  int32(16_384),
  attnum,
  int32(TEXT),
  -1 & 0xffff,
  int32(-1),
  0,
];
const value = (text: string): readonly Buffer[] => [int32(Buffer.byteLength(text)), Buffer.from(text)];
const description = frame("T", 3, ...field("id", 1), ...field("email", 2), ...field("note", 3));
const row = frame(
  "D",
  3,
  ...value("123456"),
  ...value("somebody@example.com"),
  ...value("a note of some words"),
);
const done = Buffer.concat([frame("C", "SELECT 1"), frame("Z", Buffer.from("I"))]);

/** A result as it is read off the socket: messages are split anywhere. */
function answerOf(rows: number): readonly Buffer[] {
  const whole = Buffer.concat([description, ...Array.from({ length: rows }, () => row), done]);
  const reads: Buffer[] = [];
  for (let at = 0; at < whole.length; at += READ_BYTES) reads.push(whole.subarray(at, at + READ_BYTES));
  return reads;
}

/** @param method undefined: nothing is masked */
function costOf(size: number, method: MaskMethod | undefined): Promise<number> {
  const shared = createShared();
  const column = {
    relation: 16_384,
    attnum: 2,
    type: TEXT,
    kind: kindOfType(TEXT, "text", false),
    typeName: "text",
    labels: [],
    kin: [],
    views: [],
  };
  const operation = "shop/read";
  const masks =
    method === undefined
      ? {}
      : { masks: new Map([[operation, new Map([[16_384 * 0x10000 + 2, { full, method, column }]])]]) };
  const backend = createBackend({
    shared,
    forward: () => undefined,
    complete: () => undefined,
    pinned: new Map(),
    hideQuotes: true,
    called: () => undefined,
    limits: { changed: () => undefined, reset: () => undefined, rolledBack: () => undefined },
    isGranted: () => true,
    hears: () => false,
    ...masks,
  });
  const outputs = [{ column: full, name: "email" }];
  const cover: PostgresCover = { operations: [], effects: [], masks: [{ operation, outputs }] };
  const answer = answerOf(size);
  return cpuOf({
    run() {
      const entry = new Expected(type.query);
      entry.permit = mintPermit<PostgresCover>(0, operation, cover);
      shared.expected.add(entry);
      for (const read of answer) backend.consume(read);
    },
  });
}

const rows = await rowsAt([1000, 100_000], async (size) => ({
  "nothing is masked": us(await costOf(size, undefined)),
  "email as redact": us(await costOf(size, "redact")),
  "email as email": us(await costOf(size, "email")),
  "email as partial": us(await costOf(size, { partial: { keep: "last 4" } })),
}));
printRows("masked rows", rows);
process.exit();
