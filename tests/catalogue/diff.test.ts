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
  const document = usual();
  change(document);
  let configuration: Configuration | undefined;
  const outcome = await outcomeOf(loads, document, (loaded) => (configuration = loaded));
  if (configuration === undefined) throw new Error(outcome);
  return configuration;
}

/** What is said of two documents, one line a finding. */
async function said(
  before: (document: Document) => void,
  after: (document: Document) => void,
): Promise<readonly string[]> {
  const findings = compareConfigurations(await read(before), await read(after), protocols);
  return joined(findings).map(({ kind, who, on, what }) =>
    [kind, on, ...(who === undefined ? [] : [who]), what].join(" | "),
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
        `wider | ${on} | can request it under the condition context.reason like "INC *", where it was context.reason like "INC  *"`,
        `narrower | ${on} | can no longer request it under the condition context.reason like "INC  *", where it was context.reason like "INC *"`,
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
      ["wider | orders/read | sre | can request it now: for up to 5m, approved by 2 of support-leads"],
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
      }),
      policy({ ttl: { default: "5m", max: "8h" } }),
      [
        `wider | ${on} | can request it for up to 8h, where it was 15m, without the condition context.reason like "INC-*", without a lease, without approval, where support-leads had to approve`,
      ],
    ],
    [
      "approval by fewer, and by others",
      policy({ approval }),
      policy({ approval: { by: ["support-leads", "sre"], count: 1, within: "30m" } }),
      [`wider | ${on} | can request it sre may approve too, with 1 approval in the place of 2`],
    ],
    [
      "a condition that is another one",
      policy({ when: "context.hour > 6" }),
      policy({ when: "context.hour > 5" }),
      [
        `wider | ${on} | can request it under the condition context.hour > 5, where it was context.hour > 6`,
        `narrower | ${on} | can no longer request it under the condition context.hour > 6, where it was context.hour > 5`,
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

describe("of scopes", () => {
  const orders =
    (members: Document) =>
    (document: Document): void => {
      document.connections.orders.operations.read = { statements: ["select"], ...members };
    };
  const tables = (written: Document) => orders({ tables: { "public.orders": written } });

  test.each<[string, (document: Document) => void, (document: Document) => void, readonly string[]]>([
    ["nothing, of a list written as uses", tables("all"), tables({ select: "all" }), []],
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
  const found = [{ kind, on: "orders/read", what: "changed" }];
  for (const failOn of ["wider", "any", "nothing"] as const)
    expect([failOn, fails(found, failOn)]).toEqual([failOn, expected[failOn]]);
});

describe("for readers", () => {
  const findings = [
    { kind: "wider", who: "a`b", on: "x/y", what: 'if context.reason like\n"Narrower\n```"' },
    { kind: "other", on: "limits", what: "changed" },
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

  test("nothing is said of nothing", () => {
    expect(formatText([])).toBe("nothing changed\n");
  });
});
