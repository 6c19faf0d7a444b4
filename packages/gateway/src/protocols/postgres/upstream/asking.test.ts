import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { grantedBy } from "../guard/granted.ts";
import { scopeSchema } from "../scope.ts";
import { targetOf } from "../testing/target.ts";
import { errorResponse, readyForQuery } from "../wire/messages.ts";
import { createAsking } from "./asking.ts";
import { createTableColumns } from "./table-columns.ts";

/** A server that answers when it is told to, by a session's socket. */
function silentServer(): { socket: Socket; asked: () => number; answer: (...messages: Buffer[]) => void } {
  let asked = 0;
  const socket = new Duplex({
    read() {},
    write(_bytes, _encoding, done) {
      asked += 1;
      done();
    },
  });
  const answer = (...messages: Buffer[]): void => void socket.push(Buffer.concat(messages));
  return { socket: socket as Socket, asked: () => asked, answer };
}

const refusal = (severity: "ERROR" | "FATAL"): Buffer =>
  errorResponse({ severity, code: "42501", message: "permission denied" });
const target = () => targetOf({ port: 1, password: "x" });
const never = new AbortController().signal;

test("sessions that need the same answer wait for one that asks, and for its answer", async () => {
  const ask = createAsking(fakeClock(), (rows) => rows.length);
  const [first, second, to] = [silentServer(), silentServer(), target()];
  const answers = Promise.all([ask(first.socket, to, "q", never), ask(second.socket, to, "q", never)]);
  await turn();
  first.answer(readyForQuery());
  expect(await answers).toEqual([0, 0]);
  expect([first.asked(), second.asked()]).toEqual([1, 0]);
});

test("a session that has waited for another's answer for a second asks for itself", async () => {
  const clock = fakeClock();
  const ask = createAsking(clock, (rows) => rows.length);
  const [first, second, to] = [silentServer(), silentServer(), target()];
  const slow = ask(first.socket, to, "q", never);
  const waiting = ask(second.socket, to, "q", never);
  clock.advance(999);
  await turn();
  expect(second.asked()).toBe(0);
  clock.advance(1);
  await turn();
  expect(second.asked()).toBe(1);
  second.answer(readyForQuery());
  expect(await waiting).toBe(0);
  first.answer(readyForQuery());
  expect(await slow).toBe(0);
});

test("a session that ends while it waits for another's answer lets its own server go", async () => {
  const ask = createAsking(fakeClock(), (rows) => rows.length);
  const [first, second, to] = [silentServer(), silentServer(), target()];
  const slow = ask(first.socket, to, "q", never);
  const ended = new AbortController();
  const waiting = ask(second.socket, to, "q", ended.signal);
  ended.abort();
  await expect(waiting).rejects.toThrow("the database closed the connection");
  expect([second.asked(), second.socket.destroyed, first.socket.destroyed]).toEqual([0, true, false]);
  first.answer(readyForQuery());
  await slow;
});

test("where the one that asks gets no answer, the other asks for itself", async () => {
  const ask = createAsking(fakeClock(), (rows) => rows.length);
  const [first, second, to] = [silentServer(), silentServer(), target()];
  const failing = ask(first.socket, to, "q", never);
  const waiting = ask(second.socket, to, "q", never);
  await turn();
  first.answer(refusal("FATAL"));
  await expect(failing).rejects.toThrow("SQLSTATE 42501");
  await turn();
  second.answer(readyForQuery());
  expect(await waiting).toBe(0);
});

test.each(["ERROR", "FATAL"] as const)(
  "of a table that is granted in part no column is taken to be there when the question for its columns fails (%s)",
  async (severity) => {
    const tables = { "public.part": ["id"], "public.whole": "all" };
    const scope = scopeSchema.parse({ statements: ["select"], tables });
    const server = silentServer();
    const columns = createTableColumns(fakeClock())(
      server.socket,
      target(),
      grantedBy([{ name: "shop/read", scope }]),
      never,
    );
    await turn();
    server.answer(refusal(severity), readyForQuery());
    expect(await columns).toEqual({ columns: new Map([["public.part", []]]), arrays: new Map() });
  },
);
