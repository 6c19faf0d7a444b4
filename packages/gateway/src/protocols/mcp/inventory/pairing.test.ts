import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { messageLog } from "./message-log.ts";
import { Pairing, type PairingBounds } from "./pairing.ts";

/** What is found, briefly: the name of a tool whose call is an act, or `failed`. */
async function foundIn(lines: readonly string[], pairing?: PairingBounds): Promise<readonly string[]> {
  const all: string[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield lines.join("\n");
  }
  for await (const each of messageLog(pairing === undefined ? {} : { pairing }).read(pieces()))
    all.push(briefly(each));
  return all;
}

function briefly(found: Found): string {
  if (found.kind !== "act") return found.kind;
  const { method, params } = JSON.parse(found.act.act) as { method: string; params?: { name?: string } };
  return params?.name ?? method;
}

const call = (id: unknown, name: string): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name } });
const ok = (id: unknown): string => JSON.stringify({ jsonrpc: "2.0", id, result: {} });
/** That the server's direction is recorded. */
const heard = [call(99, "heard"), ok(99)];
const toolError = (id: unknown): string => JSON.stringify({ jsonrpc: "2.0", id, result: { isError: true } });
const error = (id: unknown): string => JSON.stringify({ jsonrpc: "2.0", id, error: { code: 1 } });
const begin = (id: unknown): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "initialize", params: {} });
const from = (sender: string, text: string, server = "crm"): string =>
  `2026-12-02T08:19:19.123Z [${server}] [info] Message from ${sender}: ${text} { metadata: undefined }`;

test("an answer says whether its request failed", async () => {
  expect(await foundIn([call(1, "a"), error(1), call(2, "b"), toolError(2), call(3, "c"), ok(3)])).toEqual([
    "c",
    "failed",
    "failed",
  ]);
});

test("only a call's result says that a tool failed, and an error beside a result says nothing", async () => {
  const read = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri: "a://b" } });
  expect(await foundIn([read, toolError(1)])).toEqual(["resources/read"]);
  const both = JSON.stringify({ jsonrpc: "2.0", id: 1, result: {}, error: { code: 1 } });
  expect(await foundIn([call(1, "a"), both])).toEqual(["a"]);
  expect(await foundIn([call(1, "a"), JSON.stringify({ jsonrpc: "2.0", id: 1, error: null })])).toEqual([
    "a",
  ]);
});

test("a request that nothing answers is an act, at the end", async () => {
  expect(await foundIn([call(1, "a"), call(2, "b"), ok(2)])).toEqual(["b", "a"]);
});

test.each([
  ["of another id", [call(1, "a"), error(2)]],
  ["of an id of another type", [call(1, "a"), error("1")]],
  ["before its request", [error(1), call(1, "a")]],
  ["and then another", [call(1, "a"), error(1), ok(1)]],
  ["and then another that says so too", [call(1, "a"), error(1), error(1)]],
  ["that the client sent", [from("client", call(1, "a")), from("client", error(1))]],
  ["of another server", [from("client", call(1, "a")), from("server", error(1), "shop")]],
  ["of a session before", [call(1, "x"), begin(0), call(1, "a"), error(1), ok(1)]],
  ["and a new session before the true one comes", [call(1, "a"), error(1), begin(0), ok(1)]],
])("an answer %s hides no act", async (_, lines) => {
  expect(await foundIn(lines)).toContain("a");
});

test("requests of one id at the same time are all acts, whatever the answers say", async () => {
  expect(await foundIn([call(1, "a"), call(1, "b"), error(1), ok(1)])).toEqual(["a", "b"]);
  expect(await foundIn([call(1, "a"), call(1, "b"), error(1), error(1)])).toEqual(["a", "b"]);
  // One of the three is not answered: the last may be.
  expect(await foundIn([call(1, "a"), call(1, "b"), error(1), call(1, "c"), error(1)])).toEqual([
    "a",
    "b",
    "c",
  ]);
  // When all are answered, the id is as new.
  expect(await foundIn([call(1, "a"), call(1, "b"), ok(1), ok(1), call(1, "c"), error(1)])).toEqual([
    "a",
    "b",
    "failed",
  ]);
});

test("a forged answer is found out by the true one, also where the id was used again in between", async () => {
  expect(await foundIn([call(1, "a"), error(1), call(1, "b"), ok(1), ok(1)])).toEqual(["b", "a"]);
});

test("sessions behind each other may use the same ids", async () => {
  const session = (name: string, answer: string): readonly string[] => [
    begin(0),
    ok(0),
    call(1, name),
    answer,
  ];
  const cut = [begin(0), ok(0), call(1, "c")];
  const found = await foundIn([
    ...session("a", error(1)),
    ...session("b", ok(1)),
    ...cut,
    ...session("d", error(1)),
  ]);
  expect(found.filter((each) => each !== "initialize")).toEqual(["b", "c", "failed", "failed"]);
});

test("servers whose messages stand in one log are told apart", async () => {
  expect(
    await foundIn([
      from("client", call(1, "a")),
      from("client", call(1, "b"), "shop"),
      from("server", ok(1), "shop"),
      from("server", error(1)),
    ]),
  ).toEqual(["b", "failed"]);
});

test("where too many wait, the oldest are acts", async () => {
  const lines = [...heard, call(1, "a"), call(2, "b"), call(3, "c"), error(1), error(2), error(3)];
  expect(await foundIn(lines, { maxActs: 2, maxCharacters: 1000 })).toEqual([
    "heard",
    "a",
    "failed",
    "failed",
  ]);
  const held = call(1, "a").length + 10;
  expect(await foundIn(lines, { maxActs: 100, maxCharacters: held * 2.3 })).toEqual([
    "heard",
    "a",
    "failed",
    "failed",
  ]);
  expect(await foundIn(lines, { maxActs: 100, maxCharacters: 10 })).toEqual(["heard", "a", "b", "c"]);
});

test("of failures that are too many the oldest are told: as acts, where a client may have written the answer", async () => {
  const lines = [...heard, ...[1, 2, 3].flatMap((id) => [call(id, `tool-${id}`), error(id)])];
  expect(await foundIn(lines, { maxActs: 2, maxCharacters: 1000 })).toEqual([
    "heard",
    "tool-1",
    "failed",
    "failed",
  ]);
  const told = [1, 2, 3].flatMap((id) => [from("client", call(id, `tool-${id}`)), from("server", error(id))]);
  expect(await foundIn(told, { maxActs: 2, maxCharacters: 1000 })).toEqual(["failed", "failed", "failed"]);
  expect(await foundIn([call(1, "a"), error(1), ok(1)], { maxActs: 0, maxCharacters: 1000 })).toEqual(["a"]);
});

test("many small failures of one id make room for a large one", () => {
  const told: string[] = [];
  const pairing = new Pairing((found) => told.push(found.kind), { maxActs: 100, maxCharacters: 400 });
  const fail = (text: string): void => {
    pairing.ask(
      "",
      { kind: "asked", act: "", id: 1, method: "tools/call", client: undefined },
      { act: text, by: "", times: 1 },
    );
    pairing.answer("", { kind: "answer", id: 1, isError: true, isToolError: false }, true);
  };
  for (let count = 0; count < 20; count += 1) fail("small");
  expect(told).toEqual([]);
  fail("a".repeat(300));
  expect(pairing.held.characters).toBeLessThanOrEqual(400);
  expect(told.length).toBeGreaterThan(5);
  fail("a".repeat(1000));
  expect(told.at(-1)).toBe("act");
  pairing.end();
  expect(told).toHaveLength(22);
  expect(pairing.held).toEqual({ acts: 0, characters: 0 });
});

test("what is kept stays within its bounds, and is nothing at the end", () => {
  const bounds = { maxActs: 5, maxCharacters: 300 };
  let told = 0;
  const pairing = new Pairing(() => (told += 1), bounds);
  const act = { act: "a".repeat(40), by: "", times: 1 };
  for (let at = 0; at < 3000; at += 1) {
    const id = (at * 7) % 11;
    const stream = at % 3 === 0 ? "one" : "";
    if (at % 5 < 3)
      pairing.ask(
        stream,
        {
          kind: "asked",
          act: "",
          id,
          method: at % 50 === 0 ? "initialize" : "tools/call",
          client: undefined,
        },
        act,
      );
    else
      pairing.answer(stream, { kind: "answer", id, isError: at % 2 === 0, isToolError: false }, at % 4 === 0);
    expect(pairing.held.acts).toBeLessThanOrEqual(bounds.maxActs * 2);
    expect(pairing.held.characters).toBeLessThanOrEqual(bounds.maxCharacters * 2);
  }
  pairing.end();
  expect(pairing.held).toEqual({ acts: 0, characters: 0 });
  expect(told).toBe(1800);
});
