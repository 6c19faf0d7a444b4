import { expect, it } from "vitest";
import { document } from "./endpoints.ts";
import { readAsk, readComment, readNote, readReason } from "../grants/requests/read-input.ts";

interface Member {
  readonly maxLength?: number;
  readonly maxItems?: number;
}
type Schemas = Readonly<Record<string, { readonly properties?: Readonly<Record<string, Member>> }>>;
const { schemas } = document().components as { readonly schemas: Schemas };

/** The longest value that a reader takes. */
function longestTaken(most: number, take: (length: number) => unknown): number {
  for (let length = most; length > 0; length -= 1)
    try {
      take(length);
      return length;
    } catch {
      // The next shorter one.
    }
  return 0;
}

const text = (read: (text: string) => unknown) => (length: number) => read("x".repeat(length));
const ask = { connection: "a", operations: ["a"], reason: "r", clientAddress: "" };

/** Every member of what is sent to the API that a person's text or a list of operations goes into, and what reads it. */
const read: Readonly<Record<string, Readonly<Record<string, (length: number) => unknown>>>> = {
  reason: {
    Ask: text((reason) => readAsk({ ...ask, reason })),
    Revocation: text(readReason),
    RevocationOfAll: text(readReason),
    LockdownOrder: text(readReason),
  },
  comment: { Approve: text(readComment), Refuse: text(readComment) },
  note: { ReviewEmergency: text(readNote) },
  operations: {
    Ask: (length) => readAsk({ ...ask, operations: Array.from({ length }, (_, at) => `o${at}`) }),
  },
};

it("tells the lengths that are taken", () => {
  for (const [member, by] of Object.entries(read))
    for (const [schema, take] of Object.entries(by)) {
      const { maxLength, maxItems } = schemas[schema]?.properties?.[member] ?? {};
      expect([schema, member, longestTaken(5000, take)]).toEqual([schema, member, maxLength ?? maxItems]);
    }
});
