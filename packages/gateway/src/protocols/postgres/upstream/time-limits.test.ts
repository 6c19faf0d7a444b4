import { describe, expect, test } from "vitest";
import type { ServerLimits } from "./server-limits.ts";
import { settingMs } from "./server-limits.ts";
import { gatewayMark, isLeftBehind, readSessionName, sessionName } from "../login/session-name.ts";
import { createTimeLimits, timeBounds, type TimeLimits } from "./time-limits.ts";

const none = Number.POSITIVE_INFINITY;
const newest: ServerLimits = {
  statement: none,
  idleInTransaction: none,
  transaction: none,
  connectionCheck: none,
};
const mark = { gateway: "0a1b2c3d", run: "e4f5a6" };
const name = sessionName("gr_1", mark, "psql");

function limits(server: ServerLimits, timeout = none): TimeLimits & { left: number } {
  const state = { left: 60_000 };
  const made = createTimeLimits({
    server,
    bounds: timeBounds(server, timeout),
    left: () => state.left,
    name,
  });
  return Object.assign(state, made);
}

describe("at start-up", () => {
  test("nothing may take longer than the grant has left", () => {
    const { start } = limits(newest);
    expect(Object.fromEntries(start)).toMatchObject({
      statement_timeout: "60000",
      transaction_timeout: "60000",
      idle_in_transaction_session_timeout: "60000",
      client_connection_check_interval: "500",
      tcp_keepalives_idle: "10",
      tcp_user_timeout: "20000",
      application_name: "mayfly gr_1@0a1b2c3d.e4f5a6 psql",
    });
  });

  test("an older server is told what it knows, and shorter limits stay", () => {
    const { start } = limits(
      { ...newest, statement: 7000, transaction: undefined, connectionCheck: undefined },
      30_000,
    );
    expect(start.get("statement_timeout")).toBe("7000");
    expect(start.has("transaction_timeout")).toBe(false);
    expect(start.has("client_connection_check_interval")).toBe(false);
    expect(limits(newest, 30_000).start.get("statement_timeout")).toBe("30000");
    expect(limits({ ...newest, connectionCheck: 200 }).start.get("client_connection_check_interval")).toBe(
      "200",
    );
  });

  test("nothing left is a millisecond, since none would be for ever; a month is what a server can hold", () => {
    const start = (left: number): string | undefined =>
      createTimeLimits({
        server: newest,
        bounds: timeBounds(newest, none),
        left: () => left,
        name,
      }).start.get("statement_timeout");
    expect(start(0)).toBe("1");
    expect(start(-5)).toBe("1");
    expect(start(31 * 86_400_000)).toBe("2147483647");
  });
});

describe("as time goes", () => {
  test("a statement's limit is set anew when it is longer than what is left, and not before", () => {
    const session = limits(newest);
    session.left = 59_000;
    expect(session.due(false)).toEqual([]);
    session.left = 58_999;
    expect(session.due(false)).toEqual(["set statement_timeout = 58999"]);
    expect(session.due(false)).toEqual([]);
  });

  test("by more than a second, or than a sixty-fourth of what is left where that is more", () => {
    const session = limits({ ...newest, transaction: undefined, idleInTransaction: 1 }, 6_500_000);
    session.changed("statement_timeout", 6_500_000, false);
    session.left = 6_400_000;
    expect(session.due(false)).toEqual([]);
    session.left = 6_399_999;
    expect(session.due(false)).toEqual(["set statement_timeout = 6399999"]);
    session.left = 900;
    expect(session.due(false)).toEqual(["set statement_timeout = 900"]);
    session.left = 1;
    expect(session.due(false)).toEqual([]);
  });

  test("those of a whole transaction when they are longer by a quarter", () => {
    const session = limits(newest);
    session.left = 48_000;
    expect(session.due(false)).toEqual(["set statement_timeout = 48000"]);
    session.left = 46_999;
    expect(session.due(false)).toEqual([
      "set statement_timeout = 46999",
      "set idle_in_transaction_session_timeout = 46999",
      "set transaction_timeout = 46999",
    ]);
    session.left = 3000;
    session.due(false);
    session.left = 1999;
    expect(session.due(false)).toHaveLength(3);
  });

  test("a shorter limit of the operation's or of the database's is left alone until less is left", () => {
    const session = limits({ ...newest, idleInTransaction: 5000, transaction: undefined }, 30_000);
    session.left = 31_000;
    expect(session.due(false)).toEqual([]);
    session.left = 20_000;
    expect(session.due(false)).toEqual(["set statement_timeout = 20000"]);
    session.left = 3000;
    expect(session.due(false)).toEqual([
      "set statement_timeout = 3000",
      "set idle_in_transaction_session_timeout = 3000",
    ]);
  });

  test("what was set inside a transaction is set again behind it: a rollback has taken it back", () => {
    const session = limits({ ...newest, transaction: undefined, idleInTransaction: 1 });
    session.left = 50_000;
    expect(session.due(true)).toEqual(["set statement_timeout = 50000"]);
    expect(session.due(true)).toEqual([]);
    expect(session.due(false)).toEqual(["set statement_timeout = 50000"]);
    expect(session.due(false)).toEqual([]);
  });

  test("a rollback to a savepoint, or into another transaction, takes it back inside of one too", () => {
    const session = limits({ ...newest, transaction: undefined, idleInTransaction: 1 });
    session.left = 50_000;
    session.rolledBack();
    expect(session.due(true)).toEqual(["set statement_timeout = 50000"]);
    for (let time = 0; time < 2; time += 1) {
      session.rolledBack();
      expect(session.due(true)).toEqual(["set statement_timeout = 50000"]);
      expect(session.due(true)).toEqual([]);
    }
    expect(session.due(false)).toEqual(["set statement_timeout = 50000"]);
  });
});

describe("what the client sets itself", () => {
  const plain = { ...newest, transaction: undefined, idleInTransaction: 1 };

  test("holds until less is left, and is shortened then", () => {
    const session = limits(plain, 30_000);
    expect(session.bounds.get("statement_timeout")).toBe(30_000);
    session.changed("statement_timeout", 5000, false);
    session.left = 10_000;
    expect(session.due(false)).toEqual([]);
    session.left = 3999;
    expect(session.due(false)).toEqual(["set statement_timeout = 3999"]);
  });

  test("is never lengthened by what is set later", () => {
    const session = limits(plain);
    session.changed("statement_timeout", 5000, false);
    expect(session.due(false)).toEqual([]);
    session.changed("statement_timeout", 20_000, false);
    session.left = 10_000;
    expect(session.due(false)).toEqual(["set statement_timeout = 10000"]);
    session.changed("statement_timeout", 0, false);
    expect(session.due(false)).toEqual(["set statement_timeout = 10000"]);
  });

  test("is forgotten by a reset: the server is told again what is left", () => {
    for (const forget of [
      (session: TimeLimits): void => session.reset(),
      (session: TimeLimits): void => session.changed("statement_timeout", undefined, false),
    ]) {
      const session = limits(plain);
      session.changed("statement_timeout", 5000, false);
      session.left = 40_000;
      expect(session.due(false)).toEqual([]);
      forget(session);
      expect(session.due(false)).toEqual(["set statement_timeout = 40000"]);
    }
  });

  test("goes back with its transaction: undone by a rollback, and at its end where it was local", () => {
    const session = limits(plain);
    session.left = 40_000;
    expect(session.due(false)).toEqual(["set statement_timeout = 40000"]);
    session.changed("statement_timeout", 5000, true);
    session.left = 20_000;
    expect(session.due(true)).toEqual([]);
    expect(session.due(false)).toEqual(["set statement_timeout = 20000"]);
    session.changed("statement_timeout", 5000, false);
    session.rolledBack();
    session.left = 10_000;
    expect(session.due(false)).toEqual(["set statement_timeout = 10000"]);
  });

  test("counts at start-up too, and a reset goes back to that", () => {
    const made = createTimeLimits({
      server: newest,
      bounds: timeBounds(newest, none),
      asked: new Map([["statement_timeout", 7000]]),
      left: () => 60_000,
      name,
    });
    expect(made.start.get("statement_timeout")).toBe("7000");
    expect(made.start.get("transaction_timeout")).toBe("60000");
  });
});

describe("names", () => {
  test("say whose a session is, to the gateway and the run", () => {
    expect(readSessionName(name)).toEqual({ grant: "gr_1", ...mark });
    const own = gatewayMark("log");
    expect(gatewayMark("log")).toMatchObject({ gateway: own.gateway });
    expect(gatewayMark("other").gateway).not.toBe(own.gateway);
    expect(gatewayMark("log").run).not.toBe(own.run);
    const long = sessionName("gr_7k2m9q4t0x5c8v1n", own, "x".repeat(100));
    expect(long).toHaveLength(63);
    expect(readSessionName(long)).toEqual({ grant: "gr_7k2m9q4t0x5c8v1n", ...own });
  });

  test("is an earlier run's of this gateway, or of the one whose log is lost, and nobody else's", () => {
    const own = gatewayMark("log", "lost log");
    const isLeft = (log: string): boolean => isLeftBehind(sessionName("gr_1", gatewayMark(log), "psql"), own);
    expect(["log", "lost log", "other"].map(isLeft)).toEqual([true, true, false]);
    expect(isLeftBehind(sessionName("gr_1", own, "psql"), own)).toBe(false);
    expect(isLeftBehind("psql", own)).toBe(false);
  });

  test.each([
    "mayfly probe",
    "mayfly gr_1 psql",
    "mayfly gr_1@0a1b2c3d psql",
    "mayfly gr_1@0a1b2c3d.e4f5a6x",
    "xmayfly gr_1@0a1b2c3d.e4f5a6",
    "mayfly gr_1@0A1B2C3D.e4f5a6",
    "",
  ])("%j is nobody's", (text) => {
    expect(readSessionName(text)).toBeUndefined();
  });
});

test("times as SHOW writes them", () => {
  expect(["0", "250ms", "7s", "5min", "2h", "1d"].map((text) => settingMs(text))).toEqual([
    none,
    250,
    7000,
    300_000,
    7_200_000,
    86_400_000,
  ]);
  expect(() => settingMs("soon")).toThrow("no time");
});
