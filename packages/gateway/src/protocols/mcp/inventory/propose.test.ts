// tier: full
import { describe, expect, test } from "vitest";
import type { Proposal, ProposalParts, SeenActs } from "../../../gate/inventory/inventory.ts";
import { propose as proposeOf } from "./propose.ts";
import { call, message, reading, seen } from "./testing/seen.ts";

const propose = (acts: readonly (SeenActs | string)[], parts: Partial<ProposalParts> = {}): Proposal =>
  proposeOf(
    acts.map((act) => (typeof act === "string" ? seen(act) : act)),
    { minSeen: 1, taken: [], ...parts },
  );
const names = ({ operations }: Proposal): readonly string[] =>
  operations.map(({ name, risk }) => `${name} ${risk}`).toSorted();
const reasons = ({ apart }: Proposal): readonly string[] => apart.map(({ reason }) => reason);
const schemaIn = ({ operations }: Proposal, tool: string): unknown =>
  operations.flatMap(({ scope }) => {
    const tools = scope["tools"] as Readonly<Record<string, { readonly properties?: unknown }>> | undefined;
    return tools?.[tool]?.properties ?? [];
  })[0];

describe("operations", () => {
  test("reads of the same are together, each write and each delete is by itself", () => {
    const proposal = propose([
      call("get_order", { id: 7 }),
      call("listOrders", {}),
      call("search-orders", { status: "open" }),
      call("create_order", { total: 5 }),
      call("update_order", { id: 7, total: 5 }),
      call("delete_order", { id: 7 }),
      call("get_customer", { id: 7 }),
    ]);
    expect(names(proposal)).toEqual([
      "create-order medium",
      "delete-order high",
      "get-customer low",
      "read-orders low",
      "update-order medium",
    ]);
    expect(proposal.apart).toEqual([]);
  });

  test("a tool that reads and writes is in two operations, each with the words of its own acts", () => {
    const proposal = propose([
      call("manage_issue", { action: "get", id: 1 }),
      call("manage_issue", { action: "list" }),
      call("manage_issue", { action: "close", id: 1 }),
      call("manage_issue", { action: "delete", id: 1 }),
    ]);
    expect(names(proposal)).toEqual(["close-issue medium", "delete-issue high", "read-issue low"]);
    expect(
      proposal.operations.map(({ scope }) => JSON.stringify(scope)).filter((text) => text.includes('"get"')),
    ).toEqual([expect.stringContaining('"enum":["get","list"]')]);
  });

  test("what every session may send needs none", () => {
    const proposal = propose([
      message("initialize", {
        protocolVersion: "2025-06-18",
        capabilities: {},
        clientInfo: { name: "a", version: "1" },
      }),
      message("tools/list"),
      message("ping"),
    ]);
    expect(proposal.freely.times).toBe(3);
    expect(proposal.operations).toEqual([]);
    expect(proposal.apart).toEqual([]);
  });

  test("resources of one folder are listed while they are few, and any where there are many", () => {
    const few = propose([1, 2, 3].map((id) => reading(`crm://orders/${id}`)));
    expect(few.operations.map(({ scope }) => scope)).toEqual([
      { resources: ["crm://orders/1", "crm://orders/2", "crm://orders/3"] },
    ]);
    const many = propose([1, 2, 3, 4, 5, 6].map((id) => reading(`crm://orders/${id}`)));
    expect(many.operations.map(({ name, scope }) => [name, scope])).toEqual([
      ["read-resources-of-crm-orders", { resources: ["crm://orders/*"] }],
    ]);
  });

  test("resources without a folder of their own are listed, and too many are set apart", () => {
    const uris = Array.from({ length: 51 }, (_, at) => reading(`note:${at}x`));
    expect(propose(uris.slice(0, 50)).operations).toHaveLength(1);
    expect(reasons(propose(uris))).toEqual([
      "more than 50 of its kind were read, and no folder is known to hold nothing else",
    ]);
  });

  test("prompts are one operation", () => {
    const proposal = propose([
      message("prompts/get", { name: "b" }),
      message("prompts/get", { name: "a", arguments: { x: "1" } }),
    ]);
    expect(proposal.operations.map(({ name, scope }) => [name, scope])).toEqual([
      ["get-prompts", { prompts: ["a", "b"] }],
    ]);
  });

  test("names that are taken get a number", () => {
    expect(names(propose([call("get_order")], { taken: ["get-order"] }))).toEqual(["get-order-2 low"]);
  });
});

describe("the schema of a tool's arguments", () => {
  test("takes what was given and nothing else", () => {
    const proposal = propose([
      call("get_order", { id: 7 }),
      call("get_order", { id: 8, include: "lines" }),
      call("get_order", { id: 8, include: "customer" }),
    ]);
    expect(schemaIn(proposal, "get_order")).toEqual({
      id: { type: "integer" },
      include: { type: "string", enum: ["customer", "lines"] },
    });
    expect(proposal.operations[0]?.scope).toMatchObject({
      tools: { get_order: { required: ["id"], additionalProperties: false } },
    });
  });

  test("a switch that was always the same stays so", () => {
    expect(
      schemaIn(
        propose([call("sync_orders", { dry_run: true }), call("sync_orders", { dry_run: true })]),
        "sync_orders",
      ),
    ).toEqual({
      dry_run: { type: "boolean", const: true },
    });
    expect(
      schemaIn(
        propose([call("sync_orders", { dry_run: true }), call("sync_orders", { dry_run: false })]),
        "sync_orders",
      ),
    ).toEqual({
      dry_run: { type: "boolean" },
    });
  });

  test("words that choose nothing are a text", () => {
    expect(schemaIn(propose([call("search_orders", { q: "Anna" })]), "search_orders")).toEqual({
      q: { type: "string", maxLength: 64 },
    });
  });

  test("more words than anybody reads are a text", () => {
    const acts = Array.from({ length: 21 }, (_, at) =>
      call("list_orders", { status: `s${String.fromCodePoint(97 + at)}` }),
    );
    expect(schemaIn(propose(acts.slice(0, 20)), "list_orders")).toMatchObject({
      status: { enum: expect.any(Array) as unknown },
    });
    expect(schemaIn(propose(acts), "list_orders")).toEqual({ status: { type: "string", maxLength: 64 } });
  });

  test("a file is one below the folder that was seen", () => {
    const proposal = propose([
      call("read_file", { path: "/srv/reports/2026/a.csv" }),
      call("read_file", { path: "/srv/reports/b.csv" }),
    ]);
    expect(schemaIn(proposal, "read_file")).toMatchObject({
      path: { pattern: expect.stringMatching(/^\^\/srv\/reports\(/) as unknown },
    });
  });
});

describe("with what the server answers to tools/list", () => {
  const structure = JSON.stringify({
    result: {
      tools: [
        {
          name: "list_orders",
          inputSchema: {
            type: "object",
            properties: { sorted: { enum: ["asc", "desc"] }, limit: { type: "integer" } },
          },
        },
        { name: "report", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } },
        { name: "lookup", inputSchema: { type: "object" }, annotations: { destructiveHint: true } },
      ],
    },
  });

  test("its words are the words that are taken", () => {
    expect(schemaIn(propose([call("list_orders", { sorted: "asc" })], { structure }), "list_orders")).toEqual(
      {
        sorted: { type: "string", enum: ["asc", "desc"] },
      },
    );
  });

  test("what it says of a tool counts, where it makes nothing harmless", () => {
    const proposal = propose([call("report"), call("lookup")], { structure });
    expect(names(proposal)).toEqual(["lookup high", "report low"]);
    expect(names(propose([call("report")]))).toEqual(["report medium"]);
    const lying = JSON.stringify({ tools: [{ name: "delete_all", annotations: { readOnlyHint: true } }] });
    expect(names(propose([call("delete_all")], { structure: lying }))).toEqual(["delete-all high"]);
  });

  test("a tool that it does not have, and arguments that it refuses, are set apart", () => {
    expect(reasons(propose([call("get_order")], { structure }))).toEqual(["--schema has no such tool"]);
    expect(reasons(propose([call("list_orders", { limit: "x" })], { structure }))).toEqual([
      "--schema refuses its arguments",
    ]);
  });

  test.each(["", "[]x", "{}", '{"tools":{}}', '{"result":{"tools":[1]}}', "null"])("%j is none", (text) => {
    expect(() => propose([], { structure: text })).toThrow("--schema holds no list of tools");
  });

  test("pages of a list may stand in one", () => {
    const pages = JSON.stringify([{ tools: [{ name: "a" }] }, { result: { tools: [{ name: "b" }] } }]);
    expect(propose([call("a"), call("b")], { structure: pages }).apart).toEqual([]);
  });
});

describe("what is set apart", () => {
  test.each([
    [call("execute_command", { input: "x" }), "it runs what it is told"],
    [call("run_script", { name: "x" }), "it runs what it is told"],
    [call("report", { sql: "x" }), "the argument sql is a program, and may do whatever the server can"],
    [
      call("report", { query: "delete from orders" }),
      "the argument query is a program, and may do whatever the server can",
    ],
    [
      call("report", { query: "{ orders { id } }" }),
      "the argument query is a program, and may do whatever the server can",
    ],
    [
      call("report", { command: "ls -la" }),
      "the argument command is a program, and may do whatever the server can",
    ],
    [call("report", { options: { api_key: "x" } }), "the argument api_key looks secret"],
    [call("get_secret", { name: "x" }), "its name says that it is about secrets"],
    [call("add_member", { id: 1 }), "by its name, or an argument's, it changes what somebody may do"],
    [call("read_file", { path: "/etc/passwd" }), "the argument path: it is in the system's folders"],
    [call("read_file", { path: "/srv/../x/y" }), "the argument path: it climbs out of its folder"],
    [
      call("fetch", { url: "http://169.254.169.254/latest" }),
      "the argument url: it makes the server ask an address inside its network",
    ],
    [message("logging/setLevel", { level: "debug" }), "never granted: no operation has logging/setLevel"],
    [message("tools/call", { name: "get_order", extra: 1 }), "never granted: a call has no member extra"],
    [call("gеt_order"), "never granted: no configuration can name it"],
    [reading("file:///root/.ssh/id_rsa"), "it is in the system's folders"],
    [reading("vault://secret/db"), "its URI says that it is a secret; its name looks like credentials"],
  ])("%s: %s", (act, reason) => {
    const proposal = propose([act]);
    expect(reasons(proposal)).toEqual([reason]);
    expect(proposal.operations).toEqual([]);
  });

  test("with a draft that grants it, where one can", () => {
    const { apart } = propose([
      seen(call("report", { sql: "select 1" }), { times: 2 }),
      message("logging/setLevel"),
    ]);
    expect(apart.map(({ draft }) => draft?.scope)).toEqual([
      {
        tools: {
          report: {
            type: "object",
            properties: { sql: { type: "string", maxLength: 64 } },
            required: ["sql"],
            additionalProperties: false,
          },
        },
      },
      undefined,
    ]);
    expect(apart[0]?.draft?.risk).toBe("high");
  });

  test("what was seen too seldom, all that is alike together", () => {
    const proposal = propose(
      [seen(call("get_order", { id: 7 }), { times: 2 }), call("get_order", { id: 7, include: "lines" })],
      { minSeen: 2 },
    );
    expect(reasons(proposal)).toEqual(["each kind of message was seen fewer than 2 times"]);
    expect(schemaIn(proposal, "get_order")).toEqual({ id: { type: "integer" } });
  });

  test("calls that a text would let through again with what a person should decide about", () => {
    const proposal = propose([
      seen(call("ask", { query: "late orders" }), { times: 50 }),
      call("ask", { query: "drop table orders" }),
    ]);
    expect(proposal.operations).toEqual([]);
    expect(reasons(proposal)).toContain(
      "other calls of the tool are set apart, and no schema tells them from these",
    );
  });

  test("a text among places, and places among texts that are not", () => {
    const proposal = propose([
      seen(call("open_view", { what: "/srv/reports/a" }), { times: 5 }),
      seen(call("open_view", { what: "anything else" })),
    ]);
    expect(reasons(proposal)).toEqual([
      "what the other calls of the tool say of its arguments does not take it",
    ]);
  });
});

test("notes say what is rare, what takes any text, and what no session offers yet", () => {
  const proposal = propose(
    [
      seen(call("get_order", { id: 7 }), { times: 9 }),
      seen(call("get_order", { id: 7, note: "why not" }), { by: "other" }),
      call("list_orders"),
    ],
    { target: { pins: { list_orders: "sha256:00" } } },
  );
  expect(proposal.operations[0]?.notes).toEqual([
    "needed once: the argument note of get_order, list_orders",
    "takes any text: note of get_order",
    "refused until mayflyd pin accepts it: get_order",
  ]);
});
