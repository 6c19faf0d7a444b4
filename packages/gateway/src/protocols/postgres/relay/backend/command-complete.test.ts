import fc from "fast-check";
import { expect, it } from "vitest";
import type { Outcome } from "../../../../gate/gate.ts";
import { mintPermit } from "../../../../gate/permit.ts";
import type { PostgresCover } from "../../act.ts";
import { message } from "../../wire/build.ts";
import { type } from "../../wire/framing.ts";
import { Expected } from "../expected.ts";
import { createShared } from "../shared.ts";
import { createBackend } from "./backend.ts";

/** A session that hears command tags one after another, each as the answer to an Execute; what each came to. */
function session(): (tag: Buffer) => Pick<Outcome, "rows" | "tag"> | string {
  const shared = createShared();
  let outcome: Pick<Outcome, "rows" | "tag"> | undefined;
  const backend = createBackend({
    shared,
    forward: () => undefined,
    complete: (_, { rows, tag }) => {
      outcome = { rows, tag };
    },
    pinned: new Map(),
    hideQuotes: false,
    called: () => undefined,
    limits: { changed: () => undefined, reset: () => undefined, rolledBack: () => undefined },
    isGranted: () => true,
    hears: () => false,
  });
  return (tag) => {
    const entry = new Expected(type.execute);
    entry.permit = mintPermit<PostgresCover>(0, "shop/read", { operations: [], effects: [] });
    shared.expected.add(entry);
    try {
      backend.consume(message(type.commandComplete, tag));
    } catch (error) {
      shared.expected.remove();
      return String(error);
    }
    return outcome ?? "nothing";
  };
}

const text = (...parts: readonly string[]): Buffer => Buffer.from(parts.join(""), "latin1");
const tags = [
  text("SELECT 1\0"),
  text("SELECT 2\0"),
  text("SELECT 12\0"),
  text("INSERT 0 1\0"),
  text("BEGIN\0"),
  text("\0"),
  text("S\u00ffLECT 1\0"),
  // A NUL within, none at the end, and nothing at all.
  text("SELECT\0", "1\0"),
  text("\0\0"),
  text("SELECT 12"),
  text("SELECT 1"),
  text(""),
];

it("a tag means what it says, whatever tag came before it", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...tags), { minLength: 2, maxLength: 8 }), (said) => {
      const hear = session();
      for (const tag of said) expect(hear(tag)).toEqual(session()(tag));
    }),
    { numRuns: 300 },
  );
});

it("counts the rows that the same tag tells, each time", () => {
  const hear = session();
  for (const _ of [1, 2]) expect(hear(text("SELECT 12\0"))).toMatchObject({ rows: 12, tag: "SELECT 12" });
  expect(hear(text("SELECT 1\0\0"))).toMatch("malformed command tag");
  expect(hear(text("SELECT 1\0"))).toMatchObject({ rows: 1, tag: "SELECT 1" });
});
