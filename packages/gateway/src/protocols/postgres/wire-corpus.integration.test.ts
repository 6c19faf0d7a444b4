// tier: gate
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import corpus from "../../../../../tests/corpus/postgres-frames.json" with { type: "json" };
import left from "../../../../../tests/corpus/postgres-wire.json" with { type: "json" };
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { createFakeGate, type FakeGate } from "./testing/fake-gate.ts";
import {
  dial,
  errorOf,
  frame,
  frames,
  int32,
  listenWire,
  makeCertificate,
  startup,
  type Listening,
  type RawClient,
  type TestCertificate,
} from "./testing/wire.ts";
import { targetOf } from "./testing/target.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let gate: FakeGate;
let wire: Listening;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  await postgres.run(
    "create schema shop; create table shop.orders (id int); insert into shop.orders values (1), (2)",
  );
  gate = createFakeGate({
    target: targetOf(postgres),
    check: (sql) => (/delete|FunctionCall/i.test(sql) ? "statement kind delete is not granted" : undefined),
  });
  wire = await listenWire(gate, certificate);
});

afterAll(async () => {
  wire.close();
  await postgres.stop();
  certificate.remove();
});

async function loggedIn(): Promise<RawClient> {
  const client = await dial(wire.port);
  await client.logIn();
  return client;
}

/** What the table holds: both rows, whatever the clients tried. Waits for the records of all sessions' ends, which come behind them. */
async function untouched(): Promise<void> {
  const client = await loggedIn();
  client.send(frames.query("select count(*) from shop.orders"));
  const answers = await client.until("Z");
  expect(answers[1]?.body.toString("latin1", 6)).toBe("2");
  client.close();
  await ended();
}

async function ended(): Promise<void> {
  await expect.poll(() => gate.sessions).toBe(0);
}

/** Sends frames after a log-in and reads to the end of the connection. */
async function closes(...bytes: readonly Buffer[]): Promise<{ code: string; severity: string }> {
  const client = await loggedIn();
  client.send(...bytes);
  const all = await client.until("never");
  return errorOf(all.at(-1));
}

/** A server that logs anyone in and then answers the first message with bytes of the test's. */
async function rogue(answer: Buffer): Promise<{ result: string; crashed: boolean }> {
  const server = createServer((socket: Socket) => {
    let started = false;
    socket.on("error", () => undefined);
    socket.on("data", () => {
      const hello = [frame("R", int32(0)), frame("K", int32(1), int32(2)), frame("Z", Buffer.from("I"))];
      socket.write(started ? answer : Buffer.concat(hello));
      started = true;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const theirs = await listenWire(
    createFakeGate({ target: targetOf({ port, password: postgres.password }) }),
    certificate,
  );
  const client = await dial(theirs.port);
  await client.logIn();
  client.send(frames.query("select 1"));
  const result = await client.answers();
  client.close();
  theirs.close();
  server.close();
  return { result, crashed: false };
}

/** One row a case of the corpus. */
const cases: Readonly<Record<string, () => Promise<void>>> = {
  "pg-wire-04": async () => {
    const client = await loggedIn();
    client.send(frames.bind("", "never_parsed"), frames.execute(""), frames.sync);
    expect(await client.answers()).toBe("E26000 Z");
    client.close();
  },
  "pg-wire-05": async () => {
    const client = await loggedIn();
    client.send(
      frames.query("PREPARE p AS DELETE FROM shop.orders"),
      frames.bind("", "p"),
      frames.execute(""),
      frames.sync,
    );
    expect(await client.answers()).toBe("E42501 Z");
    expect(await client.answers()).toBe("E26000 Z");
    client.close();
  },
  "pg-wire-07": async () => {
    const client = await loggedIn();
    client.send(frame("F", int32(2096), 0, 0, 0));
    expect(await client.answers()).toBe("E42501 Z");
    expect(gate.log.at(-1)).toMatchObject({
      what: "denied",
      detail: { kind: "function call", function: 2096 },
    });
    client.close();
  },
  "pg-wire-08": async () => {
    const client = await loggedIn();
    client.send(frame("F", int32(964), 0, 1, int32(4), int32(16_400), 0), frames.query("select 1"));
    expect(await client.answers()).toBe("E42501 Z");
    expect(await client.answers()).toBe("T D C Z");
    client.close();
  },
  "pg-wire-09": async () => {
    expect(await closes(frame("Q", "SELECT 1", "DELETE FROM shop.orders"))).toMatchObject({ code: "08P01" });
  },
  "pg-wire-10": async () => {
    expect(await closes(frame("Q"))).toMatchObject({ code: "08P01", severity: "FATAL" });
  },
  "pg-wire-11": async () => {
    expect(await closes(Buffer.from("Q\0\0\0\x03"))).toMatchObject({ code: "08P01" });
  },
  "pg-wire-12": async () => {
    expect(await closes(Buffer.from("Q\x7f\xff\xff\xff0123456789", "latin1"))).toMatchObject({
      code: "54000",
    });
  },
  "pg-wire-15": async () => {
    expect(await closes(frame("P", "", "select 1", 65_535))).toMatchObject({ code: "08P01" });
  },
  "pg-wire-18": async () => {
    const client = await loggedIn();
    for (const byte of frames.query("DELETE FROM shop.orders")) {
      client.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    expect(await client.answers()).toBe("E42501 Z");
    client.close();
  },
  "pg-wire-20": async () => {
    const client = await loggedIn();
    client.send(frame("d", Buffer.from("DELETE")), frame("c"), frames.query("select 1"));
    expect(await client.answers()).toBe("T D C Z");
    client.close();
  },
  "pg-wire-21": async () => {
    expect(await closes(frame("\0"))).toMatchObject({ code: "08P01", severity: "FATAL" });
  },
  "pg-wire-22": async () => {
    expect(await closes(frame("p", "secret"))).toMatchObject({ code: "08P01", severity: "FATAL" });
  },
  "pg-wire-23": async () => {
    const client = await loggedIn();
    const before = gate.log.length;
    client.send(frames.terminate, frames.query("DELETE FROM shop.orders"));
    expect(await client.next()).toBeUndefined();
    await ended();
    expect(gate.log.slice(before).map(({ what }) => what)).toEqual(["closed"]);
  },
  "pg-wire-24": async () => {
    const client = await dial(wire.port);
    client.send(Buffer.concat([int32(8), int32(80_877_103)]), frames.query("DELETE FROM shop.orders"));
    expect(errorOf(await client.next())).toMatchObject({ severity: "FATAL", code: "08P01" });
    expect(await client.next()).toBeUndefined();
  },
  "pg-wire-28": async () => {
    await startupRefused({ search_path: "public" });
  },
  "pg-wire-30": async () => {
    await startupRefused({ replication: "true" });
  },
  "pg-wire-33": async () => {
    await startupRefused({ client_encoding: "SJIS" });
  },
  "pg-wire-34": async () => {
    const client = await loggedIn();
    client.send(frames.query("select pg_sleep(0.3), 1"));
    for (const key of [int32(1), int32(0)]) {
      const other = await dial(wire.port);
      other.send(Buffer.concat([int32(16), int32(80_877_102), int32(4711), key]));
      expect(await other.next()).toBeUndefined();
    }
    expect(await client.answers()).toBe("T D C Z");
    client.close();
  },
  "pg-wire-35": async () => {
    const client = await dial(wire.port);
    client.send(startup({ user: "gr_test", database: "shop" }));
    await client.next();
    client.send(frame("p", "SCRAM-SHA-256", int32(0x7fffffff), Buffer.from("n,,n=,r=abcdefghijkl")));
    expect(errorOf(await client.next())).toMatchObject({ severity: "FATAL", code: "08P01" });
    expect(await client.next()).toBeUndefined();
  },
  "pg-wire-37": async () => {
    const { result } = await rogue(
      Buffer.concat([frame("E", Buffer.from("SERROR\0Mno code\0\0")), frame("Z", Buffer.from("I"))]),
    );
    expect(result).toBe("EXX000 Z");
  },
  "pg-wire-38": async () => {
    // Rows are handed on as they came; nothing in the gateway follows a field's length.
    const { result } = await rogue(
      Buffer.concat([frame("D", 1, int32(-5)), frame("C", "SELECT 1"), frame("Z", Buffer.from("I"))]),
    );
    expect(result).toBe("D C Z");
  },
  "pg-wire-ok-03": async () => {
    const client = await loggedIn();
    client.send(frames.parse("", "select generate_series(1, 25)"), frames.bind("", ""));
    for (let round = 0; round < 3; round += 1) client.send(frames.execute("", 10));
    client.send(frames.sync);
    const answers = await client.answers();
    expect(answers.replaceAll(/(D )+/g, "D ")).toBe("1 2 D s D s D C Z");
    client.close();
  },
  "pg-wire-ok-04": async () => {
    const client = await loggedIn();
    client.send(
      frames.parse("", "delete from shop.orders"),
      frames.bind("", ""),
      frames.execute(""),
      frames.sync,
    );
    client.send(frames.query("SELECT 1"));
    expect(await client.answers()).toBe("E42501 Z");
    expect(await client.answers()).toBe("T D C Z");
    client.close();
  },
  "pg-wire-ok-05": async () => {
    const client = await dial(wire.port);
    const greeting = await client.logIn();
    const key = greeting.find(({ type }) => type === "K")?.body ?? Buffer.alloc(0);
    // Rows enough to leave the server's buffer, then a wait: the first row says that it runs.
    client.send(
      frames.query("select g, pg_sleep(case g when 5000 then 60 else 0 end) from generate_series(1, 5000) g"),
    );
    expect((await client.until("D")).map(({ type }) => type)).toEqual(["T", "D"]);
    const other = await dial(wire.port);
    other.send(Buffer.concat([int32(16), int32(80_877_102), key]));
    expect((await client.answers()).replaceAll("D ", "")).toBe("E57014 Z");
    client.send(frames.query("select 1"));
    expect(await client.answers()).toBe("T D C Z");
    client.close();
  },
};

async function startupRefused(parameters: Readonly<Record<string, string>>): Promise<void> {
  const client = await dial(wire.port);
  client.send(startup({ user: "gr_test", database: "shop", ...parameters }), frames.query("BASE_BACKUP"));
  expect(errorOf(await client.next()).severity).toBe("FATAL");
  expect(await client.next()).toBeUndefined();
}

describe("the wire's part of the corpus", () => {
  test.for(corpus.map(({ id, why }) => [id, why] as const))("%s: %s", async ([id]) => {
    const run = cases[id];
    expect(run, `${id} has no test`).toBeDefined();
    await run?.();
    await untouched();
  });

  test("covers every case that the guard's corpus leaves to the wire", () => {
    expect(left.filter((id) => !(id in cases))).toEqual([]);
    expect(left.length).toBeGreaterThan(20);
  });

  test("has no row that the corpus does not know", () => {
    expect(Object.keys(cases).filter((id) => !corpus.some((each) => each.id === id))).toEqual([]);
    expect(corpus.length).toBeGreaterThan(20);
  });
});
