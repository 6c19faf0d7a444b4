import { minute, settle } from "../../../packages/gateway/src/grants/testing/harness.ts";
import { person } from "../../../packages/gateway/src/grants/testing/samples.ts";
import { atDesk, decide, stateOf, type Desk } from "../acts/grants.ts";
import { loads, type Case, type Document } from "../case.ts";
import { usual } from "../document.ts";

const [permit] = usual().policies as readonly Document[];
const at = (...member: string[]): (string | number)[] => ["policies", 0, ...member];
/** Writes another first policy. */
const policyOf =
  (policy: Document) =>
  (document: Document): void => {
    document.policies[0] = { ...permit, ...structuredClone(policy) };
  };
const second = (document: Document): void => {
  document.policies.push({ ...permit, name: "nobody at night" });
};

const policies: readonly Case[] = [
  { at: ["policies"], narrow: undefined, wide: [permit], refused: /^policy \|/, act: decide() },
  {
    at: ["policies", 1, "name"],
    narrow: permit.name,
    wide: "nobody at night",
    refused: /^configuration \| another policy has this name/,
    act: loads,
    base: second,
  },
  {
    at: ["policies", 1, "forbid"],
    narrow: true,
    wide: false,
    refused: /^policy \| .*nobody at night/,
    act: decide(),
    // What forbids has no time-to-live, and what permits must have one.
    base: (document, half) => {
      second(document);
      if (half === "narrow") delete document.policies[1].ttl;
    },
  },
  {
    at: at("shadow"),
    narrow: true,
    wide: undefined,
    refused: /^policy \| .*orders\/read/,
    act: decide(),
  },
  {
    at: at("groups"),
    narrow: ["platform"],
    wide: ["support-agents"],
    refused: /^policy \| .*group/,
    act: decide(),
  },
  {
    at: at("person_groups"),
    narrow: ["sre"],
    wide: undefined,
    refused: /^policy \| .*act for a person in group sre; whoever you act for is not in it/,
    act: decide(),
  },
  {
    at: at("connection"),
    narrow: "billing",
    wide: "orders",
    refused: /^policy \| .*orders\/read/,
    act: decide(),
  },
  {
    at: at("operations"),
    narrow: ["list"],
    wide: ["list", "read"],
    refused: /^policy \| .*orders\/read/,
    act: decide(),
    base: (document) => {
      const { operations } = document.connections.orders;
      operations.list = structuredClone(operations.read);
    },
  },
  {
    at: at("when"),
    narrow: 'context.reason like "INC-*"',
    wide: undefined,
    refused: /^policy \| .*condition/,
    act: decide(),
  },
  {
    at: at("ttl"),
    narrow: "5m",
    wide: { default: "5m", max: "15m" },
    refused: /^denied \| .*(?:5m|long)/,
    act: atDesk(async ({ ask }) => stateOf(await ask({ ttl: 10 * minute }))),
  },
  {
    at: at("ttl", "max"),
    narrow: "5m",
    wide: "15m",
    refused: /^denied \| .*(?:5m|long)/,
    act: atDesk(async ({ ask }) => stateOf(await ask({ ttl: 10 * minute }))),
    base: policyOf({ ttl: { default: "5m" } }),
  },
  {
    at: at("ttl", "default"),
    narrow: "5m",
    wide: "10m",
    refused: /^ends after 5 minutes$/,
    passes: /^ends after 10 minutes$/,
    act: atDesk(async ({ ask, grants, clock }) => {
      const { grant = "" } = await ask();
      return `ends after ${((grants.live(grant)?.grant.endsAt ?? 0) - clock.wall()) / minute} minutes`;
    }),
    base: policyOf({ ttl: { max: "15m" } }),
  },
  {
    at: at("lease"),
    narrow: "required",
    wide: undefined,
    refused: /^denied \|.*demands a lease; ask with `lease`.*mayfly run/,
    act: atDesk(async ({ ask }) => stateOf(await ask())),
  },
  {
    at: at("lease"),
    narrow: "3s",
    wide: "required",
    refused: /^denied \|.*demands a lease of 3s or less, not one of 4s/,
    act: atDesk(async ({ ask }) => stateOf(await ask({ lease: 4000 }))),
  },
  {
    at: at("requires"),
    narrow: { closed_paths: "24h" },
    wide: undefined,
    refused: /^denied \|.*direct paths probed closed within 1d.*run mayfly probe here/,
    act: atDesk(async ({ ask }) => stateOf(await ask())),
  },
  {
    at: at("requires", "closed_paths"),
    narrow: "1h",
    wide: "24h",
    refused: /^denied \|.*direct paths probed closed within 1h: the last was 2h ago/,
    act: atDesk(async ({ ask }) => stateOf(await ask()), 120 * minute),
  },
  {
    at: at("requires", "sandbox"),
    narrow: true,
    wide: undefined,
    refused: /^denied \|.*demands a command in a sandbox; run it with mayfly run --sandbox/,
    act: atDesk(async ({ ask }) => stateOf(await ask({ lease: 4000 })), 5 * minute),
    base: policyOf({ requires: { closed_paths: "24h" } }),
  },
  {
    at: at("break_glass"),
    narrow: false,
    wide: true,
    refused: /^denied \|.*breaking glass/,
    act: atDesk(async ({ ask }) =>
      stateOf(await ask({ breakGlass: true, reason: "INC-9: every refund of today was booked twice" })),
    ),
  },
];

/** Somebody who may review, in these groups, who signed in a while ago. */
const reviewer = ({ clock }: Desk, login: string, ...groups: readonly string[]) =>
  person(login, { groups, authenticatedAt: clock.wall() });
/** One reviewer's yes, from whoever may give it. */
async function approved(desk: Desk, login = "lead@example.com", group = "support-leads"): Promise<string> {
  const waiting = await desk.ask();
  return yes(desk, waiting, login, group);
}
async function yes(
  desk: Desk,
  { id, digest }: { readonly id: string; readonly digest: string },
  login: string,
  group: string,
): Promise<string> {
  return stateOf(await desk.grants.approve(reviewer(desk, login, group), id, digest, "fine"));
}

const approval: readonly Case[] = [
  {
    at: at("approval"),
    narrow: { by: ["support-leads"] },
    wide: undefined,
    refused: /^pending \|/,
    act: atDesk(async ({ ask }) => stateOf(await ask())),
  },
  {
    at: at("approval", "by"),
    narrow: ["support-leads"],
    wide: ["support-leads", "sre"],
    refused: /^forbidden \|.*support-leads/,
    act: atDesk((desk) => approved(desk, "ops@example.com", "sre")),
  },
  {
    at: at("approval", "count"),
    narrow: 2,
    wide: 1,
    refused: /^pending \|/,
    act: atDesk((desk) => approved(desk)),
    base: policyOf({ approval: { by: ["support-leads"] } }),
  },
  {
    at: at("approval", "within"),
    narrow: "10m",
    wide: "30m",
    refused: /^\w+ \|.*waited too long/,
    act: atDesk(async (desk) => {
      const waiting = await desk.ask();
      desk.clock.advance(15 * minute);
      await settle();
      return yes(desk, waiting, "lead@example.com", "support-leads");
    }),
    base: policyOf({ approval: { by: ["support-leads"] } }),
  },
  ...(
    [
      [[], undefined, { after: "5m", to: ["sre"] }],
      [["after"], "20m", "5m"],
      [["to"], ["platform"], ["sre"]],
    ] as const
  ).map(([member, narrow, wide]) => ({
    at: at("approval", "escalate", ...member),
    narrow,
    wide,
    refused: /^forbidden \|/,
    act: atDesk(async (desk) => {
      const waiting = await desk.ask();
      desk.clock.advance(10 * minute);
      await settle();
      return yes(desk, waiting, "ops@example.com", "sre");
    }),
    base: policyOf({
      approval: {
        by: ["support-leads"],
        ...(member.length === 0 ? {} : { escalate: { after: "5m", to: ["sre"] } }),
      },
    }),
  })),
  {
    at: at("approval", "fresh_sign_in"),
    narrow: "1m",
    wide: "10m",
    refused: /^\w+ \|.*sign/,
    act: atDesk(async (desk) => {
      const lead = reviewer(desk, "lead@example.com", "support-leads");
      desk.clock.advance(5 * minute);
      const { id, digest } = await desk.ask();
      return stateOf(await desk.grants.approve(lead, id, digest, "fine"));
    }),
    base: policyOf({ approval: { by: ["support-leads"] } }),
  },
  {
    at: at("approval", "refusals"),
    narrow: 1,
    wide: 2,
    refused: /^\w+ \|.*(?:refused|decided)/,
    act: atDesk(async (desk) => {
      const waiting = await desk.ask();
      const { id, digest } = waiting;
      await desk.grants.refuse(reviewer(desk, "other@example.com", "support-leads"), id, digest, "no");
      return yes(desk, waiting, "lead@example.com", "support-leads");
    }),
    base: policyOf({ approval: { by: ["support-leads"] } }),
  },
  {
    at: ["limits", "pending_per_principal"],
    narrow: 1,
    wide: 2,
    refused: /^\w+ \|.*(?:pending|wait)/,
    passes: /^2 wait$/,
    act: atDesk(async ({ ask }) => {
      await ask();
      await ask();
      return "2 wait";
    }),
    base: policyOf({ approval: { by: ["support-leads"] } }),
  },
];

/** A connection that is not there, of each kind: a policy names it. */
const kinds: readonly Case[] = Object.entries(usual().connections as Record<string, Document>).map(
  ([name, connection]) => ({
    at: ["connections", name],
    narrow: undefined,
    wide: connection,
    refused: /^configuration \| there is no connection of this name/,
    act: loads,
    base: policyOf({ connection: name }),
  }),
);

export const policyCases: readonly Case[] = [
  ...policies,
  ...approval,
  ...kinds,
  {
    at: ["connections"],
    narrow: undefined,
    wide: usual().connections,
    refused: /^configuration \| there is no connection/,
    act: loads,
  },
];
