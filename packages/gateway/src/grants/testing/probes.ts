import { vi, type Mock } from "vitest";
import type { FindPaths, KnownPaths } from "../../kernel/known-paths.ts";
import type { GrantRules } from "../grants.ts";
import { minute, readRule, refundRule, rulesOf, type Rule } from "./harness.ts";

export const hour = 60 * minute;
export const day = 24 * hour;
export const open: KnownPaths = { why: "orders-db was found open from here 5m ago" };

/** A rule that wants the paths closed. */
export const probed = (rule: Rule, closedPaths = day): Rule => ({
  ...rule,
  terms: { ...rule.terms, closedPaths },
});

/** Rules under which both operations want it. */
export const demanding = (closedPaths = day): GrantRules =>
  rulesOf({
    "orders-db/read-orders": probed(readRule, closedPaths),
    "orders-db/refund-order": probed(refundRule, closedPaths),
  });

/** What probes say, as a test has it. */
export interface FakeProbes {
  readonly find: Mock<FindPaths>;
  readonly say: (known: KnownPaths) => void;
  /** The store does not answer. */
  readonly away: () => void;
}

export function fakeProbes(): FakeProbes {
  let known = async (): Promise<KnownPaths> => ({ why: "no probe from here is known" });
  return {
    find: vi.fn<FindPaths>(() => known()),
    say(paths) {
      known = async () => paths;
    },
    away() {
      known = () => Promise.reject(new Error("connection lost"));
    },
  };
}
