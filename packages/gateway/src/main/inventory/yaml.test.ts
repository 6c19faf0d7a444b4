import { hostileText } from "@mayfly/testing/hostile-text.ts";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type {
  Evidence,
  OperationDraft,
  ProposedOperation,
  Proposal,
  SetApart,
} from "../../gate/inventory/inventory.ts";
import { hasInvisible } from "../../kernel/invisible-characters.ts";
import { type ProposedFor, proposalYaml } from "./yaml.ts";

const day = Date.parse("2026-11-01T12:00:00Z");
const seen = (times: number, more: Partial<Evidence> = {}): Evidence => ({
  kinds: 1,
  times,
  by: new Map([["app", times]]),
  first: day,
  last: day,
  ...more,
});
const scope = { statements: ["select"], tables: { "public.orders": ["id", "total"] } };
const draft: OperationDraft = { name: "read-orders", description: "Read orders", risk: "low", scope };
const operation = (more: Partial<ProposedOperation> = {}): ProposedOperation => ({
  ...draft,
  evidence: seen(12),
  notes: [],
  ...more,
});
const setApart = (more: Partial<SetApart> = {}): SetApart => ({
  reason: "orders.pin looks secret",
  evidence: seen(2),
  examples: ["select pin from orders"],
  ...more,
});
const proposal = (more: Partial<Proposal> = {}): Proposal => ({
  operations: [operation()],
  apart: [],
  freely: { kinds: 0, times: 0, by: new Map() },
  ...more,
});
const target = {
  postgres: { host: "db.internal", database: "shop", password: { env: "ORDERS_DB_PASSWORD" } },
};
const about = (more: Partial<ProposedFor> = {}): ProposedFor => ({
  connection: "orders-db",
  act: "statement",
  target,
  unread: 0,
  ...more,
});
const configured: ProposedFor = { connection: "orders-db", act: "statement", covered: 1204, unread: 0 };

const loaded = { description: "Read orders", risk: "low", ...scope };

test("a proposal for a database that is not configured says how it is reached and loads as it is", () => {
  const yaml = proposalYaml(proposal(), about());
  expect(parse(yaml)).toEqual({
    connections: { "orders-db": { ...target, operations: { "read-orders": loaded } } },
  });
  expect(yaml).toBe(
    `# 1 operation for 12 statements, 2026-11-01, proposed by mayflyd inventory. Read each before it is granted: what was done is not
# what should be.
# Fill in how it is reached.
connections:
  orders-db:
    postgres:
      host: db.internal
      database: shop
      password:
        env: ORDERS_DB_PASSWORD
    operations:
      # seen 12 times by app, 2026-11-01
      read-orders:
        description: Read orders
        risk: low
        statements: [select]
        tables:
          public.orders: [id, total]`,
  );
});

test("a proposal for a configured connection holds operations alone, and says what is covered and where they go", () => {
  const yaml = proposalYaml(proposal(), configured);
  expect(parse(yaml)).toEqual({ connections: { "orders-db": { operations: { "read-orders": loaded } } } });
  expect(yaml).toContain("\n# 1,204 statements are covered by orders-db's operations already.\n");
  expect(yaml).toContain("\n# They go under connections.orders-db.operations of the configuration.\n");
  expect(yaml).toContain("connections:\n  orders-db:\n    operations:\n");
  expect(yaml).not.toContain("Fill in");
  expect(proposalYaml(proposal(), about())).not.toContain("covered by");
});

test("where nothing is proposed that is said, in comments alone", () => {
  for (const of of [about(), configured]) {
    const yaml = proposalYaml(
      proposal({ operations: [], apart: [setApart({ draft })], freely: seen(2) }),
      of,
    );
    expect(parse(yaml)).toBeNull();
    expect(yaml).toMatch(/^# mayflyd inventory proposes nothing\.\n/);
    expect(yaml).not.toMatch(/Fill in|They go under|0 operations/);
    expect(yaml).toContain("# Not proposed: 2 statements, with the reasons, at the end.");
  }
});

test("the head counts the acts of all operations and all that is set apart, from the first day to the last", () => {
  const yaml = proposalYaml(
    proposal({
      operations: [
        operation(),
        operation({ name: "later", evidence: seen(3, { last: day + 2 * 86_400_000 }) }),
      ],
      apart: [setApart(), setApart({ evidence: seen(40) })],
    }),
    about(),
  );
  expect(yaml).toMatch(/^# 2 operations for 15 statements, 2026-11-01 to 2026-11-03, proposed by mayflyd/);
  expect(yaml).toContain("\n# Not proposed: 42 statements, with the reasons, at the end.\n");
  expect(
    Object.keys(
      (parse(yaml) as { connections: { "orders-db": { operations: object } } }).connections["orders-db"]
        .operations,
    ),
  ).toEqual(["read-orders", "later"]);
});

test("the head says how much could not be read, where there is such", () => {
  expect(proposalYaml(proposal(), about())).not.toContain("could not be read");
  expect(proposalYaml(proposal(), about({ unread: 1234 }))).toContain(
    "\n# 1,234 lines could not be read: what they hold is not covered.\n",
  );
});

test("each operation's evidence and notes stand before it", () => {
  const yaml = proposalYaml(proposal({ operations: [operation({ notes: ["one", "two"] })] }), about());
  expect(yaml).toContain(
    "      # seen 12 times by app, 2026-11-01\n      # one\n      # two\n      read-orders:\n",
  );
});

test("what needs no operation is counted at the end, where there is such", () => {
  expect(proposalYaml(proposal(), about())).not.toContain("beside these");
  const yaml = proposalYaml(proposal({ freely: seen(23) }), about({ freely: "transactions" }));
  expect(yaml.split("\n").slice(-2)).toEqual([
    "",
    "      # 23 statements beside these need no operation of their own: transactions.",
  ]);
});

describe("what is not proposed", () => {
  const withDraft = setApart({ draft: { ...draft, name: "read-pins" } });

  test("stands behind the operations, in comments alone, with its reason, evidence and examples", () => {
    const yaml = proposalYaml(
      proposal({ apart: [setApart({ examples: ["select 1", "select 2"] })] }),
      about(),
    );
    expect(yaml.split("\n").slice(-5)).toEqual([
      "",
      "      # Not proposed: orders.pin looks secret",
      "      # seen 2 times by app, 2026-11-01",
      expect.stringMatching(/^ {6}# +select 1$/),
      expect.stringMatching(/^ {6}# +select 2$/),
    ]);
    expect(yaml).not.toContain("To grant it");
    expect(parse(yaml)).toEqual(parse(proposalYaml(proposal(), about())));
  });

  test("may be granted all the same by taking the marks off, and loads then", () => {
    const yaml = proposalYaml(proposal({ apart: [withDraft, setApart()] }), about());
    const lines = yaml.split("\n");
    const from = lines.indexOf("      # To grant it all the same:");
    expect(from).toBeGreaterThan(0);
    const to = lines.indexOf("", from);
    const granted = lines
      .map((line, at) => (at > from && at < to ? line.replace("# ", "") : line))
      .join("\n");
    expect(parse(granted)).toEqual({
      connections: { "orders-db": { ...target, operations: { "read-orders": loaded, "read-pins": loaded } } },
    });
  });

  test("may be granted all the same where its texts have line ends and what is not seen", () => {
    const hostile = {
      name: "odd",
      description: `a\n\n  b: c # d\n${hostileText}`,
      risk: "high",
      scope,
    } as const;
    const yaml = proposalYaml(proposal({ apart: [setApart({ draft: hostile })] }), configured);
    expect(parse(yaml)).toEqual(parse(proposalYaml(proposal(), configured)));
    const [, granted = ""] = yaml.split("      # To grant it all the same:\n");
    expect(parse(granted.replaceAll(/^ {6}# ?/gmu, ""))).toEqual({
      odd: { description: hostile.description, risk: "high", ...scope },
    });
    expect(hasInvisible(yaml, "lines")).toBe(false);
  });
});

test("names that mean something else in YAML load as texts", () => {
  const tables = { "public.a: b": ["null", "true", "1", "#c", "a, b", "]", "~", ""], 'public."x"': "all" };
  const of = { postgres: { database: "1e3" } };
  const yaml = proposalYaml(
    proposal({ operations: [operation({ scope: { tables } })] }),
    about({ target: of }),
  );
  expect(parse(yaml)).toEqual({
    connections: {
      "orders-db": {
        ...of,
        operations: { "read-orders": { description: "Read orders", risk: "low", tables } },
      },
    },
  });
});

test("a list of texts stands on one line where it fits, and loads the same where it does not", () => {
  const columns = Array.from({ length: 60 }, (_, at) => `column_${at}`);
  const yaml = proposalYaml(
    proposal({ operations: [operation({ scope: { tables: { "public.wide": columns } } })] }),
    about(),
  );
  expect(parse(yaml)).toMatchObject({
    connections: { "orders-db": { operations: { "read-orders": { tables: { "public.wide": columns } } } } },
  });
  expect(yaml.split("\n").filter((line) => line.length > 130)).toEqual([]);
});
