import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { MayflyError } from "../../../packages/gateway/src/kernel/errors.ts";
import type { Ask } from "../../../packages/gateway/src/grants/grants.ts";
import { harness, type Harness } from "../../../packages/gateway/src/grants/testing/harness.ts";
import { agent } from "../../../packages/gateway/src/grants/testing/samples.ts";
import type { AccessRequest } from "../../../packages/gateway/src/grants/types.ts";
import { rulesOf } from "../../../packages/gateway/src/main/load.ts";
import { protocols } from "../../../packages/gateway/src/main/protocols.ts";
import type { PolicyAsk, PolicyContext } from "../../../packages/gateway/src/policy/types.ts";
import type { Act, Load } from "../case.ts";

/** An agent in the group that policies name, as its token says. */
export const requester = { ...agent, groupsFrom: "token" as const };

const noon: PolicyContext = {
  reason: "TICKET-7: paid twice",
  requested_seconds: 300,
  hour: 12,
  weekday: 2,
  client_address: "10.1.2.3",
  has_person: false,
  person_groups: [],
  break_glass: false,
};

/** Puts one ask to the policies. */
export function decide(
  change: {
    readonly principal?: Partial<PolicyAsk["principal"]>;
    readonly context?: Partial<PolicyContext>;
  } = {},
): Act {
  return async (load) => {
    const { policies } = await load();
    const { kind, issuer, subject, client, name, groups } = agent;
    const verdict = policies.decide({
      principal: { kind, issuer, subject, client, name, groups, ...change.principal },
      connection: "orders",
      operation: "read",
      context: { ...noon, ...change.context },
    });
    return verdict.decision === "permit" ? "passed" : `policy | ${verdict.reasons.join("; ")}`;
  };
}

/** The service that grants, under the configuration's rules, with a clock that the case moves. */
export interface Desk extends Harness {
  /** Asks for the one operation. */
  readonly ask: (more?: Partial<Ask>) => Promise<AccessRequest>;
}

/**
 * Does something with the service; what it refuses is the outcome: `CODE | words`.
 * @param probed how long before it started the paths beside the gateway were probed closed, milliseconds; left out: nobody did
 */
export function atDesk(act: (desk: Desk) => Promise<string>, probed?: number): Act {
  return async (load: Load) => {
    const ready = await load();
    const h = await harness({
      poll: false,
      rules: rulesOf(ready, protocols),
      findPaths: async () =>
        probed === undefined
          ? { why: "no probe from here is known" }
          : { closedAt: fakeClock().wall() - probed, probe: "pr_0000000000000000" },
    });
    const ask: Desk["ask"] = (more = {}) =>
      h.grants.request(requester, {
        connection: "orders",
        operations: ["read"],
        reason: "TICKET-7: paid twice",
        clientAddress: "10.1.2.3",
        ...more,
      });
    try {
      return await act({ ...h, ask });
    } catch (error) {
      if (error instanceof MayflyError) return `${error.code} | ${error.message}`;
      throw error;
    } finally {
      await h.close();
    }
  };
}

/** `passed` for what was approved; else the state and why. */
export const stateOf = ({ state, reasons }: AccessRequest): string =>
  state === "approved" ? "passed" : `${state} | ${reasons.join("; ")}`;
