import { describe, expect, test } from "vitest";
import type { Configuration } from "../../packages/gateway/src/configuration/types.ts";
import { compareConfigurations } from "../../packages/gateway/src/main/diff/compare.ts";
import { fails } from "../../packages/gateway/src/main/diff/finding.ts";
import { formatMarkdown, formatText, joined } from "../../packages/gateway/src/main/diff/format.ts";
import { protocols } from "../../packages/gateway/src/main/protocols.ts";
import { loads, outcomeOf, type Document } from "./case.ts";
import { usual } from "./document.ts";

// What `mayflyd diff` says. That it misses no member is shown by the pairs of catalogue.test.ts.

async function read(change: (document: Document) => void): Promise<Configuration> {
  const document = structuredClone(usual());
  change(document);
  let configuration: Configuration | undefined;
  const outcome = await outcomeOf(loads, document, (loaded) => (configuration = loaded));
  if (configuration === undefined) throw new Error(outcome);
  return configuration;
}

/** An operation whose body has one member, judged by a schema that stands in the document. */
const inPlace =
  (cents: object) =>
  (document: Document): void => {
    document.connections.billing.operations.refund = {
      requests: ["POST /v1/refunds"],
      body: { schema: { type: "object", properties: { cents }, additionalProperties: false } },
    };
  };

/** What is said of two documents, one line a finding. */
async function said(
  before: (document: Document) => void,
  after: (document: Document) => void,
): Promise<readonly string[]> {
  const findings = compareConfigurations(await read(before), await read(after), protocols);
  return joined(findings).map(({ kind, who, on, what }) =>
    [kind, on.join(", "), ...(who.length === 0 ? [] : [who.join(", ")]), what].join(" | "),
  );
}

const same = (): void => undefined;
const first = (document: Document): Document => document.policies[0];
const policy =
  (members: Document) =>
  (document: Document): void => {
    document.policies[0] = { ...first(document), ...members };
  };
const further =
  (members: Document) =>
  (document: Document): void => {
    document.policies.push({ ...first(document), name: "another", ...members });
  };
const approval = { by: ["support-leads"], count: 2, within: "30m" };
const on = "orders/read | support-agents";

describe("of policies", () => {
  test.each<[string, (document: Document) => void, (document: Document) => void, readonly string[]]>([
    ["nothing, of another name", same, policy({ name: "renamed" }), []],
    ["nothing, of a second policy that asks more", same, further({ approval }), []],
    [
      "nothing, of one policy made two",
      policy({ groups: ["support-agents", "sre"] }),
      further({ groups: ["sre"] }),
      [],
    ],
    [
      "nothing, of white space around a condition",
      policy({ when: "context.hour > 6" }),
      policy({ when: "  context.hour > 6\n" }),
      [],
    ],
    [
      "a space within a text",
      policy({ when: 'context.reason like "INC  *"' }),
      policy({ when: 'context.reason like "INC *"' }),
      [
        `wider | ${on} | can request it if context.reason like "INC *"; before: if context.reason like "INC  *"`,
        `narrower | ${on} | can request it only if context.reason like "INC *"; before: if context.reason like "INC  *"`,
      ],
    ],
    [
      "what leaves the shadow",
      further({ name: "tried out", groups: ["sre"], shadow: true }),
      further({ name: "tried out", groups: ["sre"] }),
      [
        "wider | orders/read | sre | can request it now: for up to 5m, without approval",
        "other | policies in shadow | changed, and decide nothing",
      ],
    ],
    [
      "nothing but a note, of what is in shadow",
      same,
      further({ name: "tried out", groups: ["sre"], shadow: true }),
      ["other | policies in shadow | changed, and decide nothing"],
    ],
    [
      "a forbid that goes into the shadow",
      further({ name: "no", forbid: true, ttl: undefined, when: "context.hour < 6" }),
      further({ name: "no", forbid: true, ttl: undefined, when: "context.hour < 6", shadow: true }),
      [
        `wider | ${on} | no longer forbidden by policy no while context.hour < 6`,
        "other | policies in shadow | changed, and decide nothing",
      ],
    ],
    [
      "a group that could not before",
      same,
      further({ groups: ["sre"], approval }),
      [
        "wider | orders/read | sre | can request it now: for up to 5m, approved by 2 of support-leads within 30m",
      ],
    ],
    [
      "a group that can no longer",
      further({ groups: ["sre"] }),
      same,
      ["narrower | orders/read | sre | can no longer request it"],
    ],
    [
      "what became easier in each respect",
      policy({
        ttl: { default: "5m", max: "15m" },
        approval,
        when: 'context.reason like "INC-*"',
        lease: "1m",
        requires: { closed_paths: "24h" },
      }),
      policy({ ttl: { default: "5m", max: "8h" } }),
      [
        `wider | ${on} | can request it for up to 8h, without a condition, without a lease, without a probe, without approval; before: for up to 15m, if context.reason like "INC-*", with a lease of at most 1m, with its direct paths probed closed within 1d, approved by 2 of support-leads within 30m`,
      ],
    ],
    [
      "a host that need not be probed any more",
      policy({ requires: { closed_paths: "24h" } }),
      same,
      [
        `wider | ${on} | can request it without a probe; before: with its direct paths probed closed within 1d`,
      ],
    ],
    [
      "a host that must be probed now",
      same,
      policy({ requires: { closed_paths: "24h" } }),
      [
        `narrower | ${on} | can request it only with its direct paths probed closed within 1d; before: without a probe`,
      ],
    ],
    [
      "a host that may be probed less often",
      policy({ requires: { closed_paths: "1h" } }),
      policy({ requires: { closed_paths: "24h" } }),
      [
        `wider | ${on} | can request it with its direct paths probed closed within 1d; before: with its direct paths probed closed within 1h`,
      ],
    ],
    [
      "a host that must be probed more often",
      policy({ requires: { closed_paths: "24h" } }),
      policy({ requires: { closed_paths: "1h" } }),
      [
        `narrower | ${on} | can request it only with its direct paths probed closed within 1h; before: with its direct paths probed closed within 1d`,
      ],
    ],
    [
      "a task that need not be in a sandbox any more",
      policy({ requires: { sandbox: true } }),
      policy({ lease: "required" }),
      [`wider | ${on} | can request it outside of a sandbox; before: in a sandbox`],
    ],
    [
      "a task that must be in a sandbox now, and hold a lease",
      same,
      policy({ requires: { sandbox: true } }),
      [
        `narrower | ${on} | can request it only with a lease of at most 1m, in a sandbox; before: without a lease, outside of a sandbox`,
      ],
    ],
    [
      "nothing, of the lease that a sandbox brings",
      policy({ requires: { sandbox: true } }),
      policy({ requires: { sandbox: true }, lease: "required" }),
      [],
    ],
    [
      "a group that could not before, in a sandbox",
      same,
      further({ groups: ["sre"], requires: { sandbox: true } }),
      [
        "wider | orders/read | sre | can request it now: for up to 5m, without approval, with a lease of at most 1m, in a sandbox",
      ],
    ],
    [
      "nothing, of the same time written otherwise",
      policy({ requires: { closed_paths: "24h" } }),
      policy({ requires: { closed_paths: "1d" } }),
      [],
    ],
    [
      "nothing, of a second policy that wants a probe",
      same,
      further({ requires: { closed_paths: "24h" } }),
      [],
    ],
    [
      "a group that could not before, from a host that was probed",
      same,
      further({ groups: ["sre"], requires: { closed_paths: "24h" } }),
      [
        "wider | orders/read | sre | can request it now: for up to 5m, without approval, with its direct paths probed closed within 1d",
      ],
    ],
    [
      "a probe in the place of an approval",
      policy({ approval }),
      policy({ requires: { closed_paths: "24h" } }),
      [
        `wider | ${on} | can request it without approval; before: approved by 2 of support-leads within 30m`,
        `narrower | ${on} | can request it only with its direct paths probed closed within 1d; before: without a probe`,
      ],
    ],
    [
      "approval by fewer, and by others",
      policy({ approval }),
      policy({ approval: { by: ["support-leads", "sre"], count: 1, within: "30m" } }),
      [
        `wider | ${on} | can request it approved by 1 of support-leads or sre within 30m; before: approved by 2 of support-leads within 30m`,
      ],
    ],
    [
      "a condition that is another one",
      policy({ when: "context.hour > 6" }),
      policy({ when: "context.hour > 5" }),
      [
        `wider | ${on} | can request it if context.hour > 5; before: if context.hour > 6`,
        `narrower | ${on} | can request it only if context.hour > 5; before: if context.hour > 6`,
      ],
    ],
    [
      "agents of whomever, where it was people's of one group",
      policy({ person_groups: ["sre"] }),
      same,
      [`wider | ${on} | can request it now: for up to 5m, without approval`],
    ],
    [
      "a forbid that is gone",
      further({ name: "not at night", forbid: true, ttl: undefined, when: "context.hour < 6" }),
      same,
      [`wider | ${on} | no longer forbidden by policy not at night while context.hour < 6`],
    ],
    [
      "a time that is shorter, and an approval that is new",
      policy({ ttl: { default: "5m", max: "8h" } }),
      policy({ ttl: { default: "5m", max: "1h" }, approval }),
      [
        `narrower | ${on} | can request it only for up to 1h, approved by 2 of support-leads within 30m; before: for up to 8h, without approval`,
      ],
    ],
    [
      "nothing, of a forbid by two of the people's groups that is made two",
      further({ name: "no", forbid: true, ttl: undefined, person_groups: ["a", "b"] }),
      (document) => {
        further({ name: "no", forbid: true, ttl: undefined, person_groups: ["a"] })(document);
        further({ name: "nor", forbid: true, ttl: undefined, person_groups: ["b"] })(document);
      },
      [],
    ],
    [
      "a condition that could fail, and nothing was permitted then",
      further({ name: "sum", when: "context.requested_seconds * 2 > 0", approval }),
      same,
      [
        "unclear | orders/read | policy sum no longer counts as it did: where its condition could not be evaluated, nothing was permitted",
      ],
    ],
    [
      "nothing, of a forbid that two others make up for",
      (document) => {
        further({ name: "no", forbid: true, ttl: undefined, groups: ["support-agents", "sre"] })(document);
      },
      (document) => {
        further({ name: "no one", forbid: true, ttl: undefined })(document);
        further({ name: "nor other", forbid: true, ttl: undefined, groups: ["sre"] })(document);
      },
      [],
    ],
  ])("%s", async (_, before, after, expected) => {
    expect(await said(before, after)).toEqual(expected);
  });
});

describe("of policies of which one is taken first", () => {
  const strict = { name: "strict", ttl: "1h", approval };
  const loose = { name: "loose", ttl: "1h", approval: { by: ["interns"], within: "30m" } };
  const both =
    (...members: readonly Document[]) =>
    (document: Document): void => {
      const permit = first(document);
      document.policies = members.map((each) => ({ ...permit, ...each }));
    };
  const within = (closed_paths: string): Document => ({ requires: { closed_paths } });
  const opened = `wider | ${on} | can have it approved by 1 of interns within 30m; before, policy strict was taken first: approved by 2 of support-leads within 30m`;

  test.each<[string, (document: Document) => void, (document: Document) => void]>([
    ["the stricter one goes", both(strict, loose), both(loose)],
    ["the stricter one stands behind", both(strict, loose), both(loose, strict)],
    [
      "the stricter one is for a shorter time",
      both(strict, { ...loose, ttl: "30m" }),
      both({ ...strict, ttl: "20m" }, { ...loose, ttl: "30m" }),
    ],
    [
      "the stricter one has a condition",
      both(strict, loose),
      both({ ...strict, when: "context.hour > 8" }, loose),
    ],
    ["the stricter one demands a lease", both(strict, loose), both({ ...strict, lease: "1m" }, loose)],
    [
      "the stricter one wants a sandbox, and the looser one a lease",
      both({ ...strict, lease: "1m" }, { ...loose, lease: "1m" }),
      both({ ...strict, requires: { sandbox: true } }, { ...loose, lease: "1m" }),
    ],
    ["the stricter one wants a probe", both(strict, loose), both({ ...strict, ...within("24h") }, loose)],
    [
      "the stricter one wants a later probe",
      both({ ...strict, ...within("24h") }, { ...loose, ...within("24h") }),
      both({ ...strict, ...within("1h") }, { ...loose, ...within("24h") }),
    ],
    [
      "the stricter one is for agents of some people",
      both(strict, loose),
      both({ ...strict, person_groups: ["sre"] }, loose),
    ],
  ])("%s", async (_, before, after) => {
    expect(await said(before, after)).toContain(opened);
  });

  test.each<[string, (document: Document) => void, (document: Document) => void]>([
    ["the looser one could be had by asking for longer", both({ ...strict, ttl: "30m" }, loose), both(loose)],
    ["the looser one could be had without a lease", both({ ...strict, lease: "1m" }, loose), both(loose)],
    [
      "the looser one could be had without a probe",
      both({ ...strict, ...within("24h") }, loose),
      both(loose),
    ],
    [
      "the looser one could be had with an earlier probe",
      both({ ...strict, ...within("1h") }, { ...loose, ...within("24h") }),
      both({ ...loose, ...within("24h") }),
    ],
    [
      "the stricter one wants a probe that the looser one wants too",
      both(strict, { ...loose, ...within("24h") }),
      both({ ...strict, ...within("24h") }, { ...loose, ...within("24h") }),
    ],
    ["the stricter one has another name", both(strict, loose), both({ ...strict, name: "same" }, loose)],
    ["the looser one was taken first", both(loose, strict), both(loose)],
    [
      "another one, as strict, is taken first",
      both(strict, { ...strict, name: "heir" }, loose),
      both({ ...strict, name: "heir" }, loose),
    ],
  ])("nothing is opened where %s", async (_, before, after) => {
    expect((await said(before, after)).filter((line) => !line.startsWith("narrower"))).toEqual([]);
  });

  test("nobody knows whether anybody is in the groups of both", async () => {
    const other = { ...strict, groups: ["sre"] };
    expect(await said(both(other, loose), both(loose))).toEqual([
      "narrower | orders/read | sre | can no longer request it",
      `unclear | ${on} | if also in sre, can have it approved by 1 of interns within 30m; before, policy strict was taken first: approved by 2 of support-leads within 30m`,
    ]);
  });
});

describe("of scopes", () => {
  const orders =
    (members: Document) =>
    (document: Document): void => {
      document.connections.orders.operations.read = { statements: ["select"], ...members };
    };
  const tables = (written: Document) => orders({ tables: { "public.orders": written } });

  test.each<[string, (document: Document) => void, (document: Document) => void, readonly string[]]>([
    [
      "nothing but a note, of a list written as uses",
      tables("all"),
      tables({ select: "all" }),
      ["other | orders/read | is written otherwise, and lets the same through"],
    ],
    [
      "a column more",
      tables(["id"]),
      tables(["id", "note"]),
      [`wider | ${on} | its scope grew: table public.orders select note`],
    ],
    [
      "all columns in the place of one",
      tables(["id"]),
      tables("all"),
      [
        `wider | ${on} | its scope grew: table public.orders select any`,
        // Whoever had the one has it still.
      ],
    ],
    [
      "a table in the place of a pattern that has it",
      orders({ tables: { "public.*": "all" } }),
      orders({ tables: { "public.orders": "all" } }),
      [`narrower | ${on} | its scope shrank: table public.* select any; table public.* where id`],
    ],
    [
      "no exception any more",
      orders({ tables: { "public.*": ["id"] }, except: ["public.cards"] }),
      orders({ tables: { "public.*": ["id"] } }),
      [
        `wider | ${on} | its scope grew: table public.* select id, table public.* where id without the exception of public.cards and the exception of views of public.cards`,
      ],
    ],
    [
      "an own entry in the place of the exception",
      orders({ tables: { "public.*": ["id"] }, except: ["public.cards"] }),
      orders({ tables: { "public.*": ["id"], "public.cards": ["id"] } }),
      [
        `wider | ${on} | its scope grew: table public.cards select id, table public.cards where id without the exception of public.cards and the exception of views of public.cards and the exception of views of public.*`,
      ],
    ],
    [
      "no narrower entry beside the pattern any more",
      orders({ tables: { "public.*": { select: "all" }, "public.cards": { select: ["id"] } } }),
      orders({ tables: { "public.*": { select: "all" } } }),
      [
        `wider | ${on} | its scope grew: table public.* select any, table public.* where id without the exception of public.cards and the exception of views of public.cards`,
      ],
    ],
    [
      "no entry in part any more, which kept views away",
      orders({ tables: { "public.*": { select: "all" }, "private.cards": { select: ["id"] } } }),
      orders({ tables: { "public.*": { select: "all" } } }),
      [
        `wider | ${on} | its scope grew: table public.* select any, table public.* where id without the exception of views of private.cards`,
        `narrower | ${on} | its scope shrank: table private.cards select id; table private.cards where id`,
      ],
    ],
    [
      "what a pattern's exception left out, of functions",
      orders({ tables: { "public.a": ["id"] }, functions: ["public.*"], except: ["public.f*"] }),
      orders({ tables: { "public.a": ["id"] }, functions: ["public.fa*"] }),
      [
        `wider | ${on} | its scope grew: function public.fa* without the exception of public.f*`,
        `narrower | ${on} | its scope shrank: function public.*`,
      ],
    ],
    [
      "a column's use in conditions",
      (document) => {
        document.connections.orders.operations.read = {
          statements: ["delete"],
          tables: { "public.a": { delete: true } },
        };
      },
      (document) => {
        document.connections.orders.operations.read = {
          statements: ["delete"],
          tables: { "public.a": ["note"] },
        };
      },
      [`wider | ${on} | its scope grew: table public.a in conditions note`],
    ],
    [
      "partitions that had an entry of their own",
      orders({
        tables: { "public.a": { select: "all", partitions: true }, "public.a_1": { select: ["id"] } },
      }),
      orders({ tables: { "public.a": { select: "all", partitions: true } } }),
      [
        `wider | ${on} | its scope grew: partitions of public.a without the exception of public.a_1`,
        `narrower | ${on} | its scope shrank: table public.a_1 select id; table public.a_1 where id`,
      ],
    ],
    [
      "partitions that a nearer table decided about",
      orders({
        tables: {
          "public.a": { select: "all", partitions: true },
          "public.b": { select: ["id"], partitions: true },
        },
      }),
      orders({
        tables: { "public.a": { select: "all", partitions: true }, "public.b": { select: ["id"] } },
      }),
      [
        `wider | ${on} | its scope grew: partitions of public.a without the exception of the partitions of public.b`,
        `narrower | ${on} | its scope shrank: partitions of public.b`,
      ],
    ],
    [
      "a longer time",
      orders({ tables: { "public.orders": "all" }, timeout: "10s" }),
      orders({ tables: { "public.orders": "all" } }),
      [`wider | ${on} | its scope grew: timeout: no bound in the place of 10s`],
    ],
    [
      "no body any more",
      (document) => {
        document.connections.billing.operations.list = {
          requests: ["POST /v1/invoices"],
          body: { max: "1KiB" },
        };
      },
      (document) => {
        document.connections.billing.operations.list = { requests: ["POST /v1/invoices"] };
      },
      [
        "narrower | billing/list | nobody may request it | its scope shrank: body application/json; body: 1KiB in the place of 0B",
      ],
    ],
    [
      "a body's schema that is written in place",
      inPlace({ type: "integer", maximum: 500 }),
      inPlace({ type: "integer", maximum: 900 }),
      [
        "wider | billing/refund | nobody may request it | its scope grew: body application/json without the schema sha256:d4e4b80dd82b…",
        "narrower | billing/refund | nobody may request it | its scope shrank: body application/json without the schema sha256:cee77836f351…",
      ],
    ],
    [
      "nothing, of such a schema in another order",
      inPlace({ type: "integer", maximum: 500 }),
      inPlace({ maximum: 500, type: "integer" }),
      [],
    ],
    [
      "what nobody may request",
      (document) => {
        document.connections.billing.operations.list = { requests: ["GET /v1/invoices"] };
      },
      (document) => {
        document.connections.billing.operations.list = {
          requests: ["GET /v1/invoices", "POST /v1/invoices"],
        };
      },
      ["wider | billing/list | nobody may request it | its scope grew: request POST /v1/invoices"],
    ],
  ])("%s", async (_, before, after, expected) => {
    expect(await said(before, after)).toEqual(expected);
  });
});

describe("of the rest", () => {
  test("an agent in another group, a role, another target, a setting", async () => {
    const after = (document: Document): void => {
      document.identity.agents.directory["0oa1agent"].groups = ["support-agents", "sre"];
      document.identity.roles.reviewer = ["support-leads", "sre"];
      document.connections.orders.postgres.host = "db.internal";
      document.limits = { connections: 9 };
    };
    expect(await said(same, after)).toEqual([
      "wider | identity | support-bot | is in sre now",
      "wider | roles | sre | may act as reviewer now",
      "unclear | orders | leads elsewhere or otherwise: host changed",
      "other | limits | changed",
    ]);
  });

  const agents = (document: Document): Document => document.identity.agents.directory;
  const entry =
    (members: Document, change: (document: Document) => void = same) =>
    (document: Document): void => {
      change(document);
      Object.assign(agents(document)["0oa1agent"], members);
    };
  const quarantine = further({ name: "no", forbid: true, ttl: undefined, groups: ["quarantined"] });
  const ranked = (document: Document): void => {
    policy({ approval: { by: ["interns"] } })(document);
    further({ name: "strict", groups: ["strict"], approval })(document);
  };
  const named = policy({ when: 'principal.name == "deploy-bot"' });
  const slack =
    (members: Document, change: (document: Document) => void = same) =>
    (document: Document): void => {
      change(document);
      const secret = { env: "WEBHOOK" };
      document.notifications = {
        slack: { token: secret, channel: "#a", signing_secret: secret, ...members },
      };
    };
  const risk = (written: string) => (document: Document) => {
    document.connections.orders.operations.read.risk = written;
  };

  test.each<[string, (document: Document) => void, (document: Document) => void, readonly string[]]>([
    [
      "a group less",
      entry({ groups: ["support-agents", "sre"] }),
      same,
      ["narrower | identity | support-bot | is not in sre any more"],
    ],
    [
      "a group less, to which something is forbidden",
      entry({ groups: ["support-agents", "quarantined"] }, quarantine),
      entry({}, quarantine),
      [
        "unclear | identity | support-bot | is not in quarantined any more, by which policies also keep something from it",
      ],
    ],
    [
      "a group less, where a condition reads who asks",
      entry({ groups: ["support-agents", "interns"] }, named),
      entry({}, named),
      [
        "unclear | identity | support-bot | is not in interns any more, by which policies also keep something from it",
      ],
    ],
    [
      "a group less, of which a stricter policy is taken first",
      entry(
        { groups: ["support-agents", "strict"] },
        further({ name: "strict", groups: ["strict"], approval }),
      ),
      entry({}, further({ name: "strict", groups: ["strict"], approval })),
      ["narrower | identity | support-bot | is not in strict any more"],
    ],
    [
      "a group less, of which a stricter policy is taken before a looser one",
      entry({ groups: ["support-agents", "strict"] }, ranked),
      entry({}, ranked),
      [
        "unclear | identity | support-bot | is not in strict any more, by which policies also keep something from it",
      ],
    ],
    [
      "another owner",
      entry({ owner: "ann@example.com" }),
      entry({ owner: "bob@example.com" }),
      [
        "unclear | identity | support-bot | its owner, who may not approve, is bob@example.com, where it was ann@example.com",
      ],
    ],
    [
      "another name",
      same,
      entry({ name: "deploy-bot" }),
      ["other | identity | deploy-bot | its name was support-bot"],
    ],
    [
      "another name, where a condition reads it",
      entry({}, named),
      entry({ name: "deploy-bot" }, named),
      ["unclear | identity | deploy-bot | its name was support-bot"],
    ],
    [
      "an agent of no group that leaves the directory, and its owner",
      (document) => {
        agents(document)["0oa2"] = { name: "idle", owner: "ann@example.com", groups: [] };
      },
      same,
      [
        "unclear | identity | idle | its owner, who may not approve, is nobody, where it was ann@example.com",
        "other | identity | idle | its name was idle",
      ],
    ],
    [
      "decisions inside Slack",
      slack({}),
      slack({ decide: { risks: ["low"] } }),
      [
        "other | notifications | changed",
        "wider | notifications.slack | requests of low risk may be decided inside Slack now",
      ],
    ],
    [
      "another Slack that says who decided",
      slack({ decide: { risks: ["low"] } }),
      slack({ decide: { risks: ["low"] }, api: "https://slack.example.com/api/" }),
      [
        "other | notifications | changed",
        "unclear | notifications.slack | who decides inside Slack: api changed",
      ],
    ],
    [
      "nothing but a note, of another Slack that decides nothing",
      slack({}),
      slack({ channel: "#b" }),
      ["other | notifications | changed"],
    ],
    [
      "a higher risk, which may be decided inside Slack",
      slack({ decide: { risks: ["high"] } }, risk("low")),
      slack({ decide: { risks: ["high"] } }, risk("high")),
      ["wider | orders/read | its risk is high, where it was low: it may be decided inside Slack now"],
    ],
    [
      "a higher risk",
      risk("low"),
      risk("high"),
      ["narrower | orders/read | its risk is high, where it was low"],
    ],
    [
      "another store, whose URL the file holds",
      (document) => {
        document.store = "postgres://a.internal/mayfly";
      },
      (document) => {
        document.store = "postgres://b.internal/mayfly";
      },
      ["unclear | store | changed"],
    ],
    [
      "another data folder",
      same,
      (document) => {
        document.data = "elsewhere";
      },
      ["unclear | store, data | changed", "other | audit | changed"],
    ],
    [
      "other words for the reviewer",
      same,
      (document) => {
        document.connections.orders.operations.read.description = "harmless";
      },
      ["other | orders/read | is described as: harmless; before: "],
    ],
  ])("%s", async (_, before, after, expected) => {
    expect(await said(before, after)).toEqual(expected);
  });

  test("a connection that is another kind of target", async () => {
    const after = (document: Document): void => {
      document.connections.orders = structuredClone(document.connections.billing);
    };
    expect(await said(same, after)).toEqual([
      "unclear | orders | is another kind of target: http, where it was postgres",
      `unclear | ${on} | its scope changed`,
    ]);
  });
});

test.each([
  ["wider", { wider: true, any: true, nothing: false }],
  ["unclear", { wider: true, any: true, nothing: false }],
  ["narrower", { wider: false, any: true, nothing: false }],
  ["other", { wider: false, any: false, nothing: false }],
] as const)("--fail-on judges %s", (kind, expected) => {
  const found = [{ kind, who: [], on: ["orders/read"], what: "changed" }];
  for (const failOn of ["wider", "any", "nothing"] as const)
    expect([failOn, fails(found, failOn)]).toEqual([failOn, expected[failOn]]);
});

describe("for readers", () => {
  const findings = [
    { kind: "wider", who: ["a`b"], on: ["x/y"], what: 'if context.reason like\n"Narrower\n```"' },
    { kind: "other", who: [], on: ["limits"], what: "changed" },
  ] as const;

  test("a condition over several lines forges no line of a terminal", () => {
    expect(formatText(findings).split("\n")).toEqual([
      "Wider: more may be done, or less is asked for it",
      "  x/y: a`b",
      '    if context.reason like "Narrower ```"',
      "",
      "Other settings",
      "  limits",
      "    changed",
      "",
      "1 wider, 0 unclear, 0 narrower",
      "",
    ]);
  });

  test("nothing of it is read as Markdown", () => {
    const [, , , , line] = formatMarkdown(findings).split("\n");
    expect(line).toBe('- `x/y` ``a`b``: ````if context.reason like "Narrower ```"````');
  });

  test("a blank name is seen as one, and opens no code", () => {
    const blank = [{ kind: "wider", who: [" "], on: ["x/y"], what: "`<details>`" }] as const;
    expect(formatMarkdown(blank)).toContain("- `x/y` `(blank)`: `` `<details>` ``\n");
  });

  test("nothing is said of nothing", () => {
    expect(formatText([])).toBe("nothing changed\n");
  });
});

test("a connection that is observed for longer lets more through", async () => {
  const observed =
    (until: string) =>
    (document: Document): void => {
      document.connections.orders.observe = { until };
      document.policies[0].operations = ["observe"];
    };
  const ends = String.raw`.*orders/observe.*it ends at 2026-02-0\dT00:00Z; before: at 2026-02-0\dT00:00Z`;
  expect(await said(observed("2026-02-01"), observed("2026-02-02"))).toEqual([
    expect.stringMatching(new RegExp(`^wider \\|${ends}`)),
  ]);
  expect(await said(observed("2026-02-02"), observed("2026-02-01"))).toEqual([
    expect.stringMatching(new RegExp(`^narrower \\|${ends}`)),
  ]);
  const lasting = (document: Document): void => {
    const { operations } = document.connections.orders;
    operations.observe = structuredClone(operations.read);
    document.policies[0].operations = ["observe"];
  };
  expect(await said(observed("2026-02-01"), lasting)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^wider \| .*it ends never; before: at 2026-02-02T00:00Z/),
    ]),
  );
  expect(await said(() => undefined, observed("2026-02-01"))).toEqual(
    expect.arrayContaining([expect.stringMatching(/^wider \| orders\/observe/)]),
  );
});
