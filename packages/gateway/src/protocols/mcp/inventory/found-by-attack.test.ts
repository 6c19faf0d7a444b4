// tier: full
import { describe, expect, test } from "vitest";
import type { Proposal, SeenActs } from "../../../gate/inventory/inventory.ts";
import { hasInvisible } from "../../../kernel/invisible-characters.ts";
import { propose as proposeOf } from "./propose.ts";
import { refusalOf } from "./scope-judge.ts";
import { shownCall } from "./shown.ts";
import { call, message, seen } from "./testing/seen.ts";

// What an attacker made of proposals by acts that were done, and what an operator found proposed that no person would.

const propose = (acts: readonly (SeenActs | string)[], structure?: string): Proposal =>
  proposeOf(
    acts.map((act) => (typeof act === "string" ? seen(act) : act)),
    { minSeen: 1, taken: [], ...(structure === undefined ? {} : { structure }) },
  );
const permits = ({ operations }: Proposal, act: string): boolean =>
  operations.some(({ scope }) => refusalOf(scope)?.(act) === undefined);
const often = (act: string): SeenActs => seen(act, { times: 5 });

describe("one odd act widens nothing", () => {
  test.each([
    ["a text that is no word", { action: "get, please!" }],
    ["a number", { action: 7 }],
  ])("of what says which act is meant: %s", (_, odd) => {
    const proposal = propose([often(call("manage_users", { action: "list" })), call("manage_users", odd)]);
    expect(permits(proposal, call("manage_users", { action: "list" }))).toBe(true);
    expect(permits(proposal, call("manage_users", { action: "delete" }))).toBe(false);
    expect(permits(proposal, call("manage_users", odd))).toBe(false);
  });

  test("of what says which act is meant: more words than anybody reads, and the server's own", () => {
    const words = Array.from({ length: 21 }, (_, at) => `get_${String.fromCodePoint(97 + at)}`);
    expect(propose(words.map((action) => call("manage_users", { action }))).operations).toEqual([]);
    const structure = JSON.stringify({
      tools: [
        { name: "manage_users", inputSchema: { properties: { action: { enum: ["list", "delete"] } } } },
      ],
    });
    const proposal = propose([call("manage_users", { action: "list" })], structure);
    expect(permits(proposal, call("manage_users", { action: "delete" }))).toBe(false);
  });

  test("of a switch: null, or its words", () => {
    const proposal = propose([
      often(call("list_things", { dry_run: true, force: false })),
      call("list_things", { dry_run: null, force: null }),
    ]);
    expect(permits(proposal, call("list_things", { dry_run: true, force: false }))).toBe(true);
    expect(permits(proposal, call("list_things", { dry_run: false, force: false }))).toBe(false);
    expect(permits(proposal, call("list_things", { dry_run: true, force: true }))).toBe(false);
    const texts = propose([often(call("list_things", { dry_run: "true" }))]);
    expect(permits(texts, call("list_things", { dry_run: "false" }))).toBe(false);
  });

  test("of a switch that was left out at times", () => {
    const proposal = propose([call("edit_thing", { dry_run: true }), call("edit_thing", {})]);
    expect(JSON.stringify(proposal.operations)).not.toContain("const");
  });

  test("of arguments: a name that is data", () => {
    const proposal = propose([
      often(call("read_file", { path: "/srv/a/x.txt", mode: "text" })),
      call("read_file", { path: "/srv/a/x.txt", mode: "text", "x 1": "y" }),
    ]);
    expect(permits(proposal, call("read_file", { path: "/srv/a/y.txt", mode: "text" }))).toBe(true);
    expect(permits(proposal, call("read_file", { path: "/etc/passwd", mode: "text" }))).toBe(false);
    expect(permits(proposal, call("read_file", { other: "x" }))).toBe(false);
  });

  test("of what is in an argument: a name that is data", () => {
    const proposal = propose([
      often(call("read_file", { options: { path: "/srv/a/x.txt" } })),
      call("read_file", { options: { path: "/srv/a/x.txt", "x 1": "y" } }),
    ]);
    expect(permits(proposal, call("read_file", { options: { path: "/etc/passwd" } }))).toBe(false);
  });

  test("of a place: as many texts", () => {
    const proposal = propose([
      seen(call("copy_thing", { what: "/srv/a/x.txt" }), { times: 3 }),
      seen(call("copy_thing", { what: "hello there" }), { times: 3 }),
    ]);
    expect(proposal.operations).toEqual([]);
  });
});

describe("a proposal says what is done", () => {
  test.each([
    ["a name of a file for a member's", call("push_files", { files: { "/srv/a/x.txt": "hello" } })],
    ["a command", call("start_process", { command: "ls" })],
    ["a process", call("interact_with_process", { pid: 1, input: "x" })],
    ["kubectl", call("kubectl_apply", { manifest: "x" })],
    ["the environment", call("get_env", { name: "HOME" })],
    ["an act that gives rights", call("manage_user", { action: "grant_admin", id: 1 })],
    ["a role", call("update_user", { id: 1, role: "admin" })],
    ["a share", call("share_file", { id: 1 })],
    ["a statement by another name", call("search_index", { queryString: "DELETE FROM users" })],
    ["a statement that is a text", call("query_database", { text: "select 1 from t" })],
  ])("and sets apart %s", (_, act) => {
    expect(propose([act]).operations).toEqual([]);
  });

  test.each([
    [call("manage_things", { action: "list", operation: "delete" }), "high"],
    [call("find_items", { action_type: "delete" }), "high"],
    [call("view_mode", { action: ["delete"] }), "high"],
    [call("find_replace", { a: 1 }), "medium"],
    [call("count_remove", {}), "high"],
    [call("get_delete_log", {}), "high"],
    [call("git_status", {}), "low"],
    [call("get_pull_request", {}), "low"],
    [call("list_open_issues", {}), "low"],
  ])("%s: %s", (act, risk) => {
    expect(propose([act]).operations.map((operation) => operation.risk)).toEqual([risk]);
  });

  test("one house is not another", () => {
    const proposal = propose([often(call("list_issues", { owner: "acme", repo: "web-shop" }))]);
    expect(permits(proposal, call("list_issues", { owner: "acme", repo: "web-shop" }))).toBe(true);
    expect(permits(proposal, call("list_issues", { owner: "acme", repo: "payroll" }))).toBe(false);
  });

  test("a folder that was listed is that folder, and not the one it is in", () => {
    const proposal = propose([call("directory_tree", { path: "/srv/projects/web" })]);
    expect(permits(proposal, call("directory_tree", { path: "/srv/projects/web" }))).toBe(true);
    expect(permits(proposal, call("directory_tree", { path: "/srv/projects/payroll" }))).toBe(false);
  });

  test("what is written to people may be longer, and a path or an address", () => {
    const proposal = propose([
      call("add_comment", { body: "/assign @anna" }),
      call("add_comment", { body: "hi" }),
    ]);
    expect(permits(proposal, call("add_comment", { body: "x".repeat(4000) }))).toBe(true);
  });

  test("what an act says of somebody is no word that chooses", () => {
    const proposal = propose([call("find_note", { detail: "Anna Smith", state: "hunter2Passw0rd" })]);
    expect(JSON.stringify(proposal)).not.toMatch(/Anna|hunter2/u);
  });

  test("a draft that takes any place says so", () => {
    const [apart] = propose([call("read_file", { path: "/etc/hosts" })]).apart;
    expect(apart?.draft?.description).toBe("Read file, with any path or address");
  });
});

test("names print no line of their own", () => {
  const shown = shownCall(message("prompts/get", { name: "a\u001B[31m\nFORGED\u202E" }));
  expect([shown.includes("\n"), hasInvisible(shown)]).toEqual([false, false]);
  expect(shownCall(call("Weird Tool!"))).toBe('tools/call "Weird Tool!"');
});

test("more tools and acts than anybody reads are not looked at one by one", () => {
  const acts = Array.from({ length: 600 }, (_, at) => call("manage_x", { action: `create_${at}` }));
  const { operations, apart } = propose(acts.map((act, at) => seen(act, { times: 1000 - at })));
  expect(operations.length).toBeLessThanOrEqual(500);
  expect(apart.map(({ reason }) => reason)).toContain("there are too many operations for anybody to read");
});
