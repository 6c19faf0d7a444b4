import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { describe, expect, it } from "vitest";
import { closedWays, useProbes } from "../../probes/testing/harness.ts";
import type { Fakes } from "../testing/fakes.ts";
import { as, post, useApi } from "../testing/app.ts";

const make = useProbes();
const api = useApi();

interface World {
  readonly app: FastifyInstance;
  readonly all: Fakes;
  readonly h: ReturnType<typeof make>;
  send(path: string, who: string, payload: unknown, remoteAddress?: string): Promise<LightMyRequestResponse>;
}

function world(): World {
  const h = make();
  const { app, all } = api({ probes: h.probes, clock: h.clock });
  return {
    app,
    all,
    h,
    send: (path, who, payload, remoteAddress = "10.9.9.9") =>
      app.inject({ ...post(`/v1/probes${path}`, who, payload), remoteAddress }),
  };
}

async function begin({ send }: World): Promise<{ readonly token: string; readonly nonce: string }> {
  const { token } = (await send("", "operator", {})).json<{ token: string }>();
  const { nonce } = (await send("/start", "agent", { token })).json<{ nonce: string }>();
  return { token, nonce };
}

const report = (nonce: string, more: object = {}): object => ({
  nonce,
  host: "support-1",
  ways: closedWays,
  credentials: [],
  ...more,
});

describe("probes", () => {
  it("are offered, started, reported and listed", async () => {
    const w = world();
    const offered = await w.send("", "operator", { connections: ["orders-db"] });
    expect(offered.statusCode).toBe(201);
    const offer = offered.json<{ probe: string; token: string }>();
    expect(offer).toEqual({
      probe: expect.stringMatching(/^pr_[0-9a-z]{16}$/),
      token: expect.stringMatching(/^pr_[0-9a-z]{16}\.[0-9a-z]{32}$/),
      expires_at: new Date(w.h.clock.wall() + 900_000).toISOString(),
      connections: ["orders-db"],
    });
    const started = await w.send("/start", "agent", { token: offer.token });
    expect(started.statusCode).toBe(200);
    const task = started.json<{ nonce: string }>();
    expect(task).toEqual({
      probe: offer.probe,
      nonce: expect.stringMatching(/^[0-9a-z]{32}$/),
      report_by: new Date(w.h.clock.wall() + 900_000).toISOString(),
      gateway: { host: "mayfly.test", port: 8443, ports: [8443, 6432] },
      targets: [
        {
          connection: "orders-db",
          protocol: "postgres",
          state: "up",
          endpoints: [
            {
              host: "orders-db.internal",
              port: 5432,
              speaks: "postgres",
              database: "shop",
              user: "mayfly",
              addresses: ["10.0.0.7"],
            },
          ],
        },
      ],
    });
    const credentials = [{ kind: "postgres", place: "~/.pgpass", name: "", leads_to: "db:5432" }];
    const reported = await w.send(
      "/report",
      "agent",
      report(task.nonce, { ways: closedWays.slice(0, 1), credentials }),
    );
    expect(reported.statusCode).toBe(201);
    const host = reported.json<object>();
    expect(host).toEqual({
      probe: offer.probe,
      host: "support-1",
      address: "10.9.9.9",
      principal: {
        kind: "agent",
        issuer: "https://issuer.test/oauth2/aus1",
        subject: "support-bot",
        client: "support-bot",
        name: "support-bot",
        owner: "owner@example.test",
        groups: ["support-agents"],
        actors: [],
      },
      offered_by: "olaf@example.test",
      probed_at: new Date(w.h.clock.wall()).toISOString(),
      verdict: "closed",
      connections: [
        {
          connection: "orders-db",
          verdict: "closed",
          open: [],
          undecided: [],
          probed_at: new Date(w.h.clock.wall()).toISOString(),
        },
      ],
      open: [],
      undecided: [],
      credentials,
    });
    for (const who of ["operator", "auditor"]) {
      const listed = await w.app.inject({ url: "/v1/probes", headers: as(who) });
      expect(listed.json()).toEqual({ hosts: [host] });
    }
    const said = JSON.stringify([w.h.log.disk, w.all.records, w.all.logLines]);
    for (const secret of [offer.token.split(".")[1] ?? "", task.nonce]) expect(said).not.toContain(secret);
  });

  it("may be made by a person too", async () => {
    const w = world();
    const { token } = (await w.send("", "operator", {})).json<{ token: string }>();
    expect((await w.send("/start", "person", { token })).statusCode).toBe(200);
  });

  it("refuse a bad token and a bad report with one answer each, and record why", async () => {
    const w = world();
    const { token, nonce } = await begin(w);
    const answers = [
      await w.send("/start", "other", { token: "x" }),
      await w.send("/start", "other", { token }),
      await w.send("/report", "other", report(nonce)),
      await w.send("/report", "agent", report(nonce), "10.9.9.8"),
      await w.send("/report", "agent", report("x")),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 403, 403, 403, 403]);
    const bodies = answers.map((answer) => answer.json<{ code: string }>());
    expect(new Set(bodies.slice(0, 2).map((body) => JSON.stringify(body))).size).toBe(1);
    expect(new Set(bodies.slice(2).map((body) => JSON.stringify(body))).size).toBe(1);
    expect(bodies.map(({ code }) => code)).toEqual([
      "probe_token_refused",
      "probe_token_refused",
      "probe_report_refused",
      "probe_report_refused",
      "probe_report_refused",
    ]);
    const refused = w.all.records.filter(({ type }) => type === "probe.refused");
    expect(
      refused.map(({ principal, detail }) => [principal?.name, detail["reason"], detail["address"]]),
    ).toEqual([
      ["other-bot", "malformed", "10.9.9.9"],
      ["other-bot", "used", "10.9.9.9"],
      ["other-bot", "other_principal", "10.9.9.9"],
      ["support-bot", "other_address", "10.9.9.8"],
      ["support-bot", "malformed", "10.9.9.9"],
    ]);
    expect(JSON.stringify(refused)).not.toContain(nonce);
    expect(JSON.stringify(refused)).not.toContain(token);
    // The probe's own report is still taken.
    expect((await w.send("/report", "agent", report(nonce))).statusCode).toBe(201);
  });

  it("record a flood of guesses a few times, and refuse them all", async () => {
    const w = world();
    for (let at = 0; at < 20; at += 1)
      expect((await w.send("/start", "agent", { token: `${at}` })).statusCode).toBe(403);
    expect(w.all.records.filter(({ type }) => type === "probe.refused")).toHaveLength(5);
  });

  it("name the connection that was probably meant", async () => {
    const { send } = world();
    const answer = await send("", "operator", { connections: ["orders-d"] });
    expect([answer.statusCode, answer.json<object>()]).toEqual([
      404,
      expect.objectContaining({ code: "unknown_connection", hint: "did you mean orders-db?" }),
    ]);
  });

  const [way = closedWays[0]] = closedWays;
  const long = (characters: number): string => "x".repeat(characters + 1);
  it.each<[string, object]>([
    ["an outcome that was not found", { ways: [{ ...way, outcome: "open" }] }],
    ["a closed way that answered", { ways: [{ ...way, found: "answered" }] }],
    ["a closed way that was silent", { ways: [{ ...way, found: "silent" }] }],
    ["a member that nobody knows", { ways: [{ ...way, more: true }] }],
    ["a text that is too long", { ways: [{ ...way, to: long(300) }] }],
    ["a way's by that is too long", { ways: [{ ...way, by: long(200) }] }],
    ["a detail that is too long", { ways: [{ ...way, detail: long(300) }] }],
    ["a control character", { ways: [{ ...way, detail: "\u001b[2J" }] }],
    ["a second line", { ways: [{ ...way, detail: "closed\nopen" }] }],
    ["text that runs backwards", { host: "a\u202eb" }],
    ["a port that is none", { ways: [{ ...way, port: 65_536 }] }],
    ["too many ways", { ways: Array.from({ length: 1001 }, () => way) }],
    ["too many places", { ways: [{ ...way, credentials: Array.from({ length: 21 }, () => "p") }] }],
    ["a place that is too long", { ways: [{ ...way, credentials: [long(500)] }] }],
    ["no host", { host: "" }],
    ["a blank host", { host: " " }],
    ["a host's name that is too long", { host: long(253) }],
    ["a credential's value", { credentials: [{ kind: "env", place: "P", name: "n", value: "s3cr3t" }] }],
    ["a credential's name that is too long", { credentials: [{ kind: "env", place: "P", name: long(200) }] }],
    ["a credential's kind that is too long", { credentials: [{ kind: long(40), place: "P", name: "" }] }],
    [
      "too many credentials",
      { credentials: Array.from({ length: 301 }, () => ({ kind: "e", place: "P", name: "" })) },
    ],
  ])("do not take %s", async (_, more) => {
    const w = world();
    const { nonce } = await begin(w);
    const answer = await w.send("/report", "agent", report(nonce, more));
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([400, "invalid_input"]);
    expect((await w.send("/report", "agent", report(nonce))).statusCode).toBe(201);
  });

  it("take a thousand ways, and no report beyond a mebibyte", async () => {
    const w = world();
    const ways = Array.from({ length: 1000 }, () => ({ ...way, detail: "x".repeat(300) }));
    const { nonce } = await begin(w);
    const large = ways.map((each) => ({ ...each, credentials: ["y".repeat(500), "y".repeat(500)] }));
    expect((await w.send("/report", "agent", report(nonce, { ways: large }))).statusCode).toBe(413);
    expect((await w.send("/report", "agent", report(nonce, { ways }))).statusCode).toBe(201);
  });
});
