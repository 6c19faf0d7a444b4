import { expect, it } from "vitest";
import { LogUnavailable } from "../unavailable.ts";
import type { NewRecord } from "../records.ts";
import { createRetire } from "./retire.ts";
import { retiredNow, type Retirement } from "./retired.ts";

const OLGA = { kind: "person", issuer: "https://issuer.test", subject: "00u1", name: "olga" } as const;
const knownOf = (name: string) => ({ name, key: `${name}+1+K`, records: 12, checkpoint: "note", at: 1000 });
const ORDER = { log: "b", reason: "INC-12", by: OLGA };

/** A gateway whose log is `a`, where the store knows `b`, too. */
function gateway({
  live = ["a"],
  given = [],
  isKept = true,
  meanwhile = given,
  isFull = false,
}: {
  readonly live?: readonly string[];
  readonly given?: readonly Retirement[];
  /** Whether the store takes it. */
  readonly isKept?: boolean;
  /** What is given up once the store was asked to keep it. */
  readonly meanwhile?: readonly Retirement[];
  /** Whether the log takes no records. */
  readonly isFull?: boolean;
} = {}) {
  const done: unknown[] = [];
  let isAsked = false;
  const retire = createRetire({
    own: "a+1+K",
    log: {
      append(record: NewRecord) {
        if (isFull) throw new LogUnavailable("the disk is full");
        return done.push(record);
      },
      async sync() {
        done.push("on the disk");
      },
    },
    known: { all: async () => [knownOf("a"), knownOf("b")] },
    retired: {
      all: async () => (isAsked ? meanwhile : given),
      async retire(one) {
        done.push(one);
        isAsked = true;
        return isKept;
      },
      end: async () => undefined,
    },
    live: () => new Set(live),
    wall: () => 5000,
  });
  return { retire, done };
}

it("records what is given up, by whom and why, before it counts", async () => {
  const { retire, done } = gateway();
  const retirement = {
    log: "b+1+K",
    name: "b",
    records: 12,
    checkpoint: "note",
    by: "olga",
    reason: "INC-12",
    at: 5000,
  };
  expect(await retire(ORDER)).toEqual(retirement);
  const detail = { log: "b+1+K", name: "b", records: 12, checkpoint: "note", reason: "INC-12" };
  expect(done).toEqual([{ type: "log.retired", principal: OLGA, detail }, "on the disk", retirement]);
});

it.each<[string, Parameters<typeof gateway>[0], string, object]>([
  ["there is none of", {}, "c", { status: 404, hint: "the logs are: a, b" }],
  ["is its own", {}, "a", { status: 409, code: "log_own" }],
  ["a gateway writes that lives", { live: ["a", "b"] }, "b", { status: 409, code: "log_written" }],
  [
    "is retired already",
    { given: [{ log: "b+1+K", name: "b", records: 1, by: "rosa", reason: "", at: 0 }] },
    "b",
    { status: 409, code: "log_retired" },
  ],
])("refuses a log that %s, and records nothing", async (_name, given, log, error) => {
  const { retire, done } = gateway(given);
  await expect(retire({ ...ORDER, log })).rejects.toMatchObject(error);
  expect(done).toEqual([]);
});

it("gives nothing up that it cannot record", async () => {
  const { retire, done } = gateway({ isFull: true });
  await expect(retire(ORDER)).rejects.toThrow("the disk is full");
  expect(done).toEqual([]);
});

it("takes the record back where the gateway has come to life meanwhile", async () => {
  const { retire, done } = gateway({ isKept: false });
  await expect(retire(ORDER)).rejects.toMatchObject({ status: 409, code: "log_written" });
  expect(done.at(-2)).toEqual({
    type: "log.returned",
    principal: OLGA,
    detail: { log: "b+1+K", name: "b" },
  });
});

it("records no return where another operator was first, and says who", async () => {
  const first = { log: "b+1+K", name: "b", records: 12, by: "rosa", reason: "INC-12", at: 4000 };
  const { retire, done } = gateway({ isKept: false, meanwhile: [first] });
  await expect(retire(ORDER)).rejects.toMatchObject({
    status: 409,
    code: "log_retired",
    message: "rosa retired the log b at 1970-01-01T00:00:04.000Z",
  });
  expect(done).not.toContainEqual(expect.objectContaining({ type: "log.returned" }));
});

it("does not count a log as retired whose gateway is back and has not said so", () => {
  const all = ["b", "c"].map((name) => ({ ...knownOf(name), log: name, by: "olga", reason: "", at: 0 }));
  expect([...retiredNow(all, new Set(["c"])).keys()]).toEqual(["b"]);
});
