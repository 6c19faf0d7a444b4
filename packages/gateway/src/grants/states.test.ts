import { requesterKey } from "../kernel/requester.ts";
import { describe, expect, it } from "vitest";
import { grantMachine, requestMachine } from "./states.ts";

// Written out a second time on purpose: a change of the table must be meant.
const requests: Readonly<Record<string, string>> = {
  "none deny": "denied",
  "none permit": "approved",
  "none hold": "pending",
  "pending approve": "approved",
  "pending refuse": "refused",
  "pending withdraw": "withdrawn",
  "pending time_out": "timed_out",
  "pending void": "refused",
  "pending lock_down": "refused",
  "pending withdraw_identity": "refused",
};
const grants: Readonly<Record<string, string>> = {
  "none activate": "active",
  "active expire": "expired",
  "active lose_lease": "expired",
  "active release": "released",
  "active revoke": "revoked",
  "active withdraw_identity": "revoked",
  "active change_rules": "revoked",
  "active judge_again": "revoked",
  "active lock_down": "revoked",
  "active undo": "revoked",
};

function outcome(run: () => string): string | undefined {
  try {
    return run();
  } catch (error) {
    return error instanceof TypeError ? undefined : "another error";
  }
}

describe("the transition table", () => {
  it("takes each request through exactly these moves", () => {
    expect(requestMachine.states).toHaveLength(6);
    const found: Record<string, string> = {};
    for (const from of ["none", ...requestMachine.states] as const) {
      for (const event of requestMachine.events) {
        const to = outcome(() => requestMachine.after(from, event));
        if (to !== undefined) found[`${from} ${event}`] = to;
      }
    }
    expect(found).toEqual(requests);
  });

  it("takes each grant through exactly these moves", () => {
    expect(grantMachine.states).toHaveLength(4);
    const found: Record<string, string> = {};
    for (const from of ["none", ...grantMachine.states] as const) {
      for (const event of grantMachine.events) {
        const to = outcome(() => grantMachine.after(from, event));
        if (to !== undefined) found[`${from} ${event}`] = to;
      }
    }
    expect(found).toEqual(grants);
  });

  it("leads from state to state only by events", () => {
    const pairs = (table: Readonly<Record<string, string>>): Set<string> =>
      new Set(Object.entries(table).map(([move, to]) => `${move.split(" ")[0]} ${to}`));
    const led = (machine: {
      states: readonly string[];
      leads(from: never, to: never): boolean;
    }): Set<string> =>
      new Set(
        ["none", ...machine.states].flatMap((from) =>
          machine.states
            .filter((to) => machine.leads(from as never, to as never))
            .map((to) => `${from} ${to}`),
        ),
      );
    expect(led(requestMachine)).toEqual(pairs(requests));
    expect(led(grantMachine)).toEqual(pairs(grants));
  });

  it("throws for names it does not know, those of Object's prototype included", () => {
    for (const name of ["constructor", "toString", "__proto__", ""]) {
      expect(outcome(() => requestMachine.after("pending", name as "approve"))).toBeUndefined();
      expect(outcome(() => requestMachine.after(name as "pending", "approve"))).toBeUndefined();
    }
  });

  it("keeps requesters apart by kind, issuer, subject and client, and not by name", () => {
    const one = { kind: "agent" as const, issuer: "i", subject: "s", client: "c", name: "a" };
    expect(requesterKey(Object.assign({}, one, { name: "b" }))).toBe(requesterKey(one));
    for (const other of [
      { kind: "person" as const },
      { issuer: "j" },
      { subject: "t" },
      { client: "d" },
      { subject: 's","c' },
    ]) {
      expect(requesterKey({ ...one, ...other })).not.toBe(requesterKey(one));
    }
  });
});
