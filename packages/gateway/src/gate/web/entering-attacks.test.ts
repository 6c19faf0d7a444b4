import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import type { LiveGrant } from "../../grants/types.ts";
import type { SessionRefused, Session } from "../gate.ts";
import { createEntering } from "./sessions/enter.ts";

const refusal = (code: SessionRefused["code"]): SessionRefused => ({
  code,
  kind: "refused",
  denial: { rule: "r", message: "m", remedy: "ask", hint: "h" },
});
const live = { grant: { id: "gr_1", requester: { name: "a", subject: "s" } } } as unknown as LiveGrant;

it("asks the provider about every token, also where another has opened the session", async () => {
  const asked: string[] = [];
  const enter = createEntering<string, string>({
    unavailable: () => undefined,
    grantsOf: ({ bearer }) =>
      Promise.resolve({
        kind: "found" as const,
        by: bearer === "secret" ? ("grant-secret" as const) : ("token" as const),
        grants: [live],
      }),
    introspect: ({ bearer: token }) => {
      asked.push(token);
      return Promise.resolve(token === "withdrawn" ? refusal("unauthenticated") : undefined);
    },
    closed: () => Promise.resolve(undefined),
    prefers: () => false,
    open: () =>
      Promise.resolve({
        kind: "session",
        id: "ses_1",
        ended: new AbortController().signal,
        attach: () => undefined,
        close: () => undefined,
      } as unknown as Session<string, string>),
    refuse: (_, why) => why,
    noGrant: refusal("no_grant"),
  });
  const socket = new EventEmitter();
  const entry = { connection: "db", client: { protocol: "x", address: "", tls: true }, socket };
  for (const bearer of ["secret", "good", "good"])
    expect(await enter({ ...entry, bearer })).toHaveProperty("id", "ses_1");
  expect(await enter({ ...entry, bearer: "withdrawn" })).toHaveProperty("code", "unauthenticated");
  expect(asked).toEqual(["good", "withdrawn"]);
});

it("has nothing prepared for a bearer that does not verify", async () => {
  let prepared = 0;
  const enter = createEntering<string, string>({
    unavailable: () => undefined,
    grantsOf: () => Promise.resolve(refusal("unauthenticated")),
    introspect: () => Promise.resolve(undefined),
    closed: () => Promise.resolve(undefined),
    prefers: () => false,
    open: () => Promise.reject(new Error("never")),
    refuse: (_, why) => why,
    noGrant: refusal("no_grant"),
  });
  const answer = await enter({
    bearer: "bad",
    connection: "db",
    client: { protocol: "x", address: "", tls: true },
    socket: new EventEmitter(),
    prepare: () => Promise.resolve(void (prepared += 1)),
  });
  expect(answer).toHaveProperty("code", "unauthenticated");
  expect(prepared).toBe(0);
});

it("names an ended grant to whoever proves its secret, or owns it and names it", async () => {
  const owner = { issuer: "i", subject: "s", client: "s" };
  const over = { ...refusal("no_grant"), denial: { ...refusal("no_grant").denial, message: "expired" } };
  const asked: unknown[] = [];
  const enter = createEntering<string, string>({
    unavailable: () => undefined,
    grantsOf: ({ bearer }) =>
      Promise.resolve(
        bearer === "secret"
          ? { kind: "found", by: "grant-secret", grants: [], proved: "gr_1" }
          : bearer === "wrong"
            ? { kind: "found", by: "grant-secret", grants: [] }
            : { kind: "found", by: "token", grants: [], owner: { ...owner, subject: bearer } as never },
      ),
    introspect: ({ bearer: token }) =>
      Promise.resolve(token === "withdrawn" ? refusal("unauthenticated") : undefined),
    closed: (grant, connection, by) => {
      asked.push([grant, connection, by?.subject]);
      const isTheirs = by === undefined || ["s", "withdrawn"].includes(by.subject);
      return Promise.resolve(grant === "gr_1" && isTheirs ? over : undefined);
    },
    prefers: () => false,
    open: () => Promise.reject(new Error("never")),
    refuse: (_, why) => why,
    noGrant: refusal("no_grant"),
  });
  const socket = new EventEmitter();
  const ask = { connection: "db", client: { protocol: "x", address: "", tls: true }, socket };
  const told = async (bearer: string, grant?: string): Promise<string> => {
    const answer = await enter({ ...ask, bearer, ...(grant === undefined ? {} : { grant }) });
    return answer.kind === "refused" ? answer.denial.message : "opened";
  };
  expect(await told("secret")).toBe("expired");
  expect(await told("s", "gr_1")).toBe("expired");
  expect(await told("wrong", "gr_1")).toBe("m");
  expect(await told("other", "gr_1")).toBe("m");
  expect(await told("withdrawn", "gr_1")).toBe("m");
  expect(await told("s")).toBe("m");
  expect(asked).toEqual([
    ["gr_1", "db", undefined],
    ["gr_1", "db", "s"],
    ["gr_1", "db", "other"],
    ["gr_1", "db", "withdrawn"],
  ]);
});
