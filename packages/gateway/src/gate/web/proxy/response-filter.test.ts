import { EventEmitter } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { send } from "../router.ts";
import { problem } from "../problem.ts";
import { maskJson } from "./json-mask.ts";
import { createAnswer } from "./response-filter.ts";
import type { Rewriting } from "./rewritten-answer.ts";

test("a masked answer that was cut while it waited for its turn is not sent behind the one that said so", async () => {
  /** Heavy work that waits until the test has it done. */
  const waiting: (() => void)[] = [];
  const run = <T>(_: string, work: () => T): Promise<T> =>
    new Promise((resolve) => waiting.push(() => resolve(work())));
  const account = { hold: () => undefined, key: "agent", heavy: { run } };
  const flow = {
    pause: () => undefined,
    resume: () => undefined,
    fail: () => undefined,
    tooSlow: () => undefined,
  };
  const ends: Promise<unknown>[] = [];
  const server = createServer((_, response: ServerResponse) => {
    const mask = { isMasked: false, place: undefined, met: [] };
    const answer = createAnswer(
      response,
      { cookies: [], drop: new Set(), rewrite: () => maskJson(mask) },
      "GET",
      flow,
      account,
    );
    answer.start(200, ["content-type", "application/json"]);
    answer.data(Buffer.from(JSON.stringify("x".repeat(20_000))));
    ends.push(Promise.resolve(answer.end([])));
    send(response, problem({ status: 403, code: "grant_ended", detail: "the grant ended" }));
    for (const work of waiting.splice(0)) work();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  try {
    const got = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect([got.status, ((await got.json()) as { code: string }).code]).toEqual([403, "grant_ended"]);
    await expect(ends[0]).resolves.toBeUndefined();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

/** An answer on its way to a client that takes nothing, and what it did to its upstream. */
function toNobody(rules: { readonly rewrite?: () => Rewriting }) {
  const events = new EventEmitter();
  const pieces: Buffer[] = [];
  const response = Object.assign(events, {
    headersSent: false,
    writableLength: 0,
    destroyed: false,
    socket: null,
    writeHead: () => undefined,
    end: () => undefined,
    write(piece: Buffer) {
      pieces.push(piece);
      return false;
    },
  });
  let turns = 0;
  const run = async <T>(_: string, work: () => T): Promise<T> => {
    turns += 1;
    await Promise.resolve();
    return work();
  };
  const answer = createAnswer(
    response as unknown as ServerResponse,
    { cookies: [], drop: new Set(), ...rules },
    "GET",
    { pause: () => undefined, resume: () => undefined, fail: () => undefined, tooSlow: () => undefined },
    { hold: () => undefined, key: "agent", heavy: { run } },
  );
  answer.start(200, ["content-type", "application/json"]);
  return { answer, events, pieces, turns: () => turns };
}

test("a client that takes nothing is waited for once, however many pieces came with one read", () => {
  const { answer, events } = toNobody({});
  for (let at = 0; at < 1000; at += 1) answer.data(Buffer.from("x"));
  expect(events.listenerCount("drain")).toBe(1);
  events.emit("close");
});

test("an answer that comes byte by byte is held in few pieces, and rewritten in few turns", async () => {
  const mask = { isMasked: false, place: undefined, met: [] };
  const { answer, events, pieces, turns } = toNobody({ rewrite: () => maskJson(mask) });
  const text = JSON.stringify("x".repeat(200_000));
  for (const byte of text) answer.data(Buffer.from(byte));
  await expect(answer.end([])).resolves.toBeUndefined();
  expect(Buffer.concat(pieces).toString()).toBe(text);
  expect(pieces.length).toBeLessThan(20);
  expect(turns()).toBeLessThan(20);
  events.emit("close");
});
