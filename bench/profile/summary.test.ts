import { expect, test } from "vitest";
import { allocated, byRoom, roomOf, selfTimes, type Profile } from "./summary.ts";

const frame = (functionName: string, url: string, lineNumber = 0) => ({ functionName, url, lineNumber });
const gateway = "file:///srv/mayfly/packages/gateway/src";

test("a file's room is its folder in the gateway, its package, or Node's module", () => {
  expect(roomOf(`${gateway}/protocols/postgres/relay/relay.ts`)).toBe("protocols/postgres/relay");
  expect(roomOf("file:///srv/mayfly/packages/gateway/dist/audit/writer.js")).toBe("audit");
  expect(roomOf("file:///srv/mayfly/packages/audit-verifier/src/tree.ts")).toBe("audit-verifier");
  expect(roomOf("file:///srv/mayfly/node_modules/undici/lib/dispatcher/client.js")).toBe("undici");
  expect(roomOf("file:///srv/mayfly/node_modules/@cedar-policy/cedar-wasm/nodejs/a.js")).toBe(
    "@cedar-policy/cedar-wasm",
  );
  expect(roomOf("node:internal/streams/readable")).toBe("node:internal/streams");
  expect(roomOf("node:net")).toBe("node:net");
  expect(roomOf("")).toBe("native code");
});

const profile: Profile = {
  nodes: [
    { id: 1, callFrame: frame("(root)", ""), children: [2, 3, 5, 6] },
    { id: 2, callFrame: frame("read", `${gateway}/gate/turn.ts`, 9) },
    { id: 3, callFrame: frame("append", `${gateway}/audit/writer.ts`, 4), children: [4] },
    { id: 4, callFrame: frame("writeBuffer", "") },
    { id: 5, callFrame: frame("(idle)", "") },
    // The same function, called from elsewhere.
    { id: 6, callFrame: frame("read", `${gateway}/gate/turn.ts`, 9) },
  ],
  samples: [2, 4, 5, 6, 3],
  timeDeltas: [1000, 10, 50, 900, 20, 7],
};

test("a function's self time is what passed until the next sample, of all its places, without idle time", () => {
  expect(selfTimes(profile)).toEqual([
    { room: "native code", name: "writeBuffer", place: "for writer.ts", us: 50 },
    { room: "gate", name: "read", place: "turn.ts:10", us: 30 },
    { room: "audit", name: "append", place: "writer.ts:5", us: 7 },
  ]);
});

test("native code is told apart by whom it ran for", () => {
  const twice: Profile = {
    nodes: [
      { id: 1, callFrame: frame("a", `${gateway}/gate/a.ts`), children: [2] },
      { id: 2, callFrame: frame("write", "") },
      { id: 3, callFrame: frame("b", `${gateway}/audit/b.ts`), children: [4] },
      { id: 4, callFrame: frame("write", "") },
      { id: 5, callFrame: frame("(program)", "") },
    ],
    samples: [2, 4, 5],
    timeDeltas: [0, 3, 2, 1],
  };
  expect(selfTimes(twice).map(({ name, place, us }) => [name, place, us])).toEqual([
    ["write", "for a.ts", 3],
    ["write", "for b.ts", 2],
    ["(program)", "", 1],
  ]);
});

test("rooms come by all their time, with those of their functions that are among the most expensive", () => {
  const one = (room: string, name: string, us: number) => ({ room, name, place: "", us });
  const times = [one("gate", "a", 5), one("audit", "b", 4), one("audit", "c", 3), one("api", "d", 1)];
  expect(byRoom(times, 2)).toEqual([
    { name: "audit", us: 7, functions: [one("audit", "b", 4)] },
    { name: "gate", us: 5, functions: [one("gate", "a", 5)] },
  ]);
});

test("what was allocated is told by its place and its callers, most first", () => {
  const leaf = { callFrame: frame("add", `${gateway}/gate/a.ts`, 4), selfSize: 30, children: [] };
  const native = { callFrame: frame("", ""), selfSize: 70, children: [] };
  const relay = {
    callFrame: frame("relay", `${gateway}/gate/relay.ts`),
    selfSize: 0,
    children: [leaf, native],
  };
  expect(allocated({ callFrame: frame("(root)", ""), selfSize: 0, children: [relay] })).toEqual([
    { bytes: 70, place: "(anonymous) < relay relay.ts:1 < (root)" },
    { bytes: 30, place: "add a.ts:5 < relay relay.ts:1 < (root)" },
  ]);
});
