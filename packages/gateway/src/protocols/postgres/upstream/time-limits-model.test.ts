import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createTimeLimits } from "./time-limits.ts";

const none = Number.POSITIVE_INFINITY;
/** The operation's own `timeout`. */
const BOUND_MS = 300_000;

/** What a server holds of one setting (manual, "SET"): a rollback takes back what its transaction set, its end what was local. */
class Setting {
  readonly #start: number;
  #session: number;
  #before: number | undefined;
  #local: number | undefined;

  constructor(start: number) {
    this.#start = start;
    this.#session = start;
  }

  get value(): number {
    const value = this.#local ?? this.#session;
    return value === 0 ? none : value;
  }

  begin(): void {
    this.#before = this.#session;
  }

  set(value: number | undefined, isLocal = false): void {
    this.#local = isLocal ? (value ?? this.#start) : undefined;
    if (!isLocal) this.#session = value ?? this.#start;
  }

  end(isCommit: boolean): void {
    if (!isCommit) this.#session = this.#before ?? this.#session;
    this.#local = undefined;
    this.#before = undefined;
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant("goes on"), ms: fc.integer({ min: 1, max: 30_000 }) }),
  fc.record({
    kind: fc.constant("sets"),
    ms: fc.option(fc.integer({ min: 0, max: 200_000 }), { nil: undefined }),
    isLocal: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom("begins", "commits", "rolls back", "resets") }),
);

test("whatever a client does, no statement may run for longer than what is left, a second or a sixty-fourth more", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1000, max: 900_000 }),
      (steps, first) => {
        let left = first;
        const bounds = new Map([["statement_timeout", BOUND_MS]]);
        const made = createTimeLimits({
          server: { connectionCheck: undefined },
          bounds,
          left: () => left,
          name: "x",
        });
        const server = new Setting(Number(made.start.get("statement_timeout")));
        let inTransaction = false;
        const told = (): number => {
          const statements = made.due(inTransaction);
          for (const statement of statements)
            server.set(Number(statement.replace("set statement_timeout = ", "")));
          return statements.length;
        };
        for (const each of [...steps, { kind: "looks" }]) {
          told();
          expect(server.value).toBeLessThanOrEqual(left + Math.max(1000, left / 64) + 1);
          expect(told()).toBe(0);
          if (each.kind === "goes on" && "ms" in each) left = Math.max(left - (each.ms ?? 0), 0);
          if (each.kind === "sets" && "isLocal" in each && (inTransaction || !each.isLocal)) {
            server.set(each.ms, each.isLocal);
            made.changed("statement_timeout", each.ms, each.isLocal);
          }
          if (each.kind === "begins" && !inTransaction) {
            server.begin();
            inTransaction = true;
          }
          if (each.kind === "commits" || each.kind === "rolls back") {
            if (!inTransaction) continue;
            server.end(each.kind === "commits");
            inTransaction = false;
            if (each.kind === "rolls back") made.rolledBack();
          }
          if (each.kind === "resets") {
            server.set(undefined);
            made.reset();
          }
        }
      },
    ),
    { numRuns: 2000 },
  );
});
