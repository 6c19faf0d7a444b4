import { describe, expect, it } from "vitest";
import { canonicalJson, type Json } from "../kernel/canonical.ts";
import { outsource } from "../audit/payloads.ts";
import { MAX_DETAIL_BYTES } from "../audit/lines.ts";
import { MayflyError } from "../kernel/errors.ts";
import { ProbeRefused } from "./errors.ts";
import { bot, closedWays, operator, otherBot, type ProbesHarness, useProbes } from "./testing/harness.ts";
import type { KeptTarget, ProbedHost, ProbeReport, ProbeTask, ProbeWay } from "./types.ts";

const make = useProbes();
const minute = 60_000;
const here = "10.9.9.9";

/** A target without what the gateway keeps for itself. */
const asTold = ({ endpoints, ...target }: KeptTarget): object => ({
  ...target,
  endpoints: endpoints.map((endpoint) =>
    Object.fromEntries(Object.entries(endpoint).filter(([name]) => name !== "reached")),
  ),
});

/** What became of a call: its answer's kind, or the refusal's code and reason. */
async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "taken";
  } catch (error) {
    if (error instanceof ProbeRefused) return `${error.code}: ${error.reason}`;
    return error instanceof MayflyError ? error.code : String(error);
  }
}

const tokenOf = async (h: ProbesHarness): Promise<string> => (await h.probes.offer(operator)).token;
const started = async (h: ProbesHarness): Promise<ProbeTask> => h.probes.start(bot, here, await tokenOf(h));
const reportOf = ({ nonce }: ProbeTask, more: Partial<ProbeReport> = {}): ProbeReport => ({
  nonce,
  host: "support-1",
  ways: closedWays,
  credentials: [],
  ...more,
});
const probed = async (h: ProbesHarness, more: Partial<ProbeReport> = {}): Promise<ProbedHost> =>
  h.probes.report(bot, here, reportOf(await started(h), more));

describe("a probe", () => {
  it("goes from an operator's offer to a host that is listed, each step recorded before it is answered", async () => {
    const h = make();
    const offer = await h.probes.offer(operator, ["orders-db", "billing-db", "orders-db"]);
    expect(offer).toMatchObject({
      connections: ["orders-db", "billing-db"],
      expiresAt: h.clock.wall() + 15 * minute,
    });
    h.clock.advance(minute);
    const task = await h.probes.start(bot, here, offer.token);
    expect(task).toEqual({
      probe: offer.probe,
      nonce: expect.stringMatching(/^[0-9a-z]{32}$/),
      reportBy: h.clock.wall() + 15 * minute,
      gateway: { host: "mayfly.test", port: 8443, ports: [8443, 6432] },
      targets: [...h.targets.values()].map(asTold),
    });
    h.clock.advance(minute);
    const credentials = [{ kind: "postgres", place: "~/.pgpass", name: "app", leadsTo: "db:5432" }];
    const host = await h.probes.report(bot, here, reportOf(task, { credentials }));
    expect(host).toMatchObject({
      probe: offer.probe,
      host: "support-1",
      address: here,
      principal: { name: "support-bot", kind: "agent" },
      offeredBy: operator.subject,
      probedAt: h.clock.wall(),
      verdict: "closed",
      connections: [{ verdict: "closed" }, { verdict: "closed" }],
      credentials,
    });
    expect(await h.probes.hosts()).toEqual([host]);
    const common = { configuration: "sha256:c" };
    expect(h.log.disk).toMatchObject([
      {
        ...common,
        type: "probe.offered",
        principal: { name: operator.name },
        detail: { probe: offer.probe, connections: offer.connections },
      },
      {
        ...common,
        type: "probe.started",
        principal: { name: bot.name },
        detail: {
          probe: offer.probe,
          address: here,
          offered_by: operator.subject,
          connections: offer.connections,
        },
      },
      {
        ...common,
        type: "path.probed",
        principal: { name: bot.name },
        detail: {
          probe: offer.probe,
          host: "support-1",
          address: here,
          verdict: "closed",
          connections: [
            { connection: "orders-db", verdict: "closed" },
            { connection: "billing-db", verdict: "closed" },
          ],
          open: 0,
          undecided: 0,
          closed: { timeout: 2 },
          credentials: 1,
          found: {
            credentials: [{ kind: "postgres", place: "~/.pgpass", name: "app", leads_to: "db:5432" }],
          },
        },
      },
    ]);
    const recorded = JSON.stringify(h.log.disk);
    for (const secret of [offer.token, offer.token.split(".")[1] ?? "", task.nonce])
      expect(recorded).not.toContain(secret);
  });

  it("of one connection says so in its records", async () => {
    const h = make();
    const { token } = await h.probes.offer(operator, ["orders-db"]);
    const task = await h.probes.start(bot, here, token);
    await h.probes.report(bot, here, reportOf(task, { ways: closedWays.slice(0, 1) }));
    expect(h.log.disk.map(({ connection }) => connection)).toEqual(["orders-db", "orders-db", "orders-db"]);
  });

  it("is of all connections where none is named, and of none that is unknown", async () => {
    const h = make();
    expect((await h.probes.offer(operator)).connections).toEqual(["orders-db", "billing-db"]);
    await expect(h.probes.offer(operator, ["orders-d"])).rejects.toMatchObject({
      code: "unknown_connection",
      status: 404,
      hint: "did you mean orders-db?",
    });
  });

  it("keeps neither token nor nonce in the store", async () => {
    const h = make();
    const { token, probe } = await h.probes.offer(operator);
    const { nonce } = await h.probes.start(bot, here, token);
    const kept = JSON.stringify(await h.store.probes.find(probe));
    expect(kept).toContain(probe);
    for (const secret of [token.split(".")[1] ?? "", nonce]) expect(kept).not.toContain(secret);
  });

  it("leaves out a connection that was taken away after the offer", async () => {
    const h = make();
    const token = await tokenOf(h);
    h.targets.delete("billing-db");
    expect((await h.probes.start(bot, here, token)).targets.map(({ connection }) => connection)).toEqual([
      "orders-db",
    ]);
  });
});

describe("an offer", () => {
  it("is refused beside a hundred that wait, until one is used or they expire", async () => {
    const h = make();
    const tokens: string[] = [];
    for (let made = 0; made < 100; made += 1) tokens.push(await tokenOf(h));
    expect(await outcome(h.probes.offer(operator))).toBe("too_many_probes");
    await h.probes.start(bot, here, tokens[0] ?? "");
    expect(await outcome(h.probes.offer(operator))).toBe("taken");
    expect(await outcome(h.probes.offer(operator))).toBe("too_many_probes");
    h.clock.advance(15 * minute);
    expect(await outcome(h.probes.offer(operator))).toBe("taken");
  });

  it("is not made where it cannot be recorded", async () => {
    const h = make();
    h.log.failing = "lost";
    await expect(h.probes.offer(operator)).rejects.toThrow("disk full");
  });
});

describe("a start", () => {
  const change = (token: string, at: number): string =>
    token.slice(0, at) + (token[at] === "0" ? "1" : "0") + token.slice(at + 1);

  it.each<[string, (h: ProbesHarness, token: string) => string | Promise<string>, string]>([
    ["no token", () => "x", "malformed"],
    ["a token of no probe", (_, token) => change(token, 5), "unknown"],
    ["a token with another secret", (_, token) => change(token, token.length - 1), "wrong"],
    [
      "a token that was used",
      async (h, token) => {
        await h.probes.start(otherBot, here, token);
        return token;
      },
      "used",
    ],
    [
      "a token that has expired",
      (h, token) => {
        h.clock.advance(15 * minute);
        return token;
      },
      "expired",
    ],
    [
      "one that has expired while the wall clock was stepped back",
      (h, token) => {
        h.clock.advance(15 * minute);
        h.clock.stepWall(-10 * minute);
        return token;
      },
      "expired",
    ],
  ])("is refused with %s, as with every other bad one", async (_, spoil, reason) => {
    const h = make();
    const token = await spoil(h, await tokenOf(h));
    const before = h.log.disk.length;
    await expect(h.probes.start(bot, here, token)).rejects.toMatchObject({
      code: "probe_token_refused",
      status: 403,
      message: "the probe's token is not good, or not any more",
      reason,
    });
    expect(h.log.disk).toHaveLength(before);
  });

  it("is good until the last moment", async () => {
    const h = make();
    const token = await tokenOf(h);
    h.clock.advance(15 * minute - 1);
    expect(await outcome(h.probes.start(bot, here, token))).toBe("taken");
  });

  it("is refused when the token expires while addresses are looked up", async () => {
    const h = make();
    const token = await tokenOf(h);
    h.lookingUp = () => h.clock.advance(15 * minute);
    expect(await outcome(h.probes.start(bot, here, token))).toBe("probe_token_refused: used");
  });

  it("of two at once, on two gateways, is one", async () => {
    const h = make();
    const token = await tokenOf(h);
    const all = await Promise.all([
      outcome(h.probes.start(bot, here, token)),
      outcome(h.other().start(otherBot, here, token)),
    ]);
    expect(all.toSorted()).toEqual(["probe_token_refused: used", "taken"]);
    expect(h.log.types().filter((type) => type === "probe.started")).toHaveLength(1);
  });

  it("tells nothing while Mayfly is locked down, or once it is while addresses are looked up", async () => {
    const h = make();
    const token = await tokenOf(h);
    h.locked = "incident";
    await expect(h.probes.start(bot, here, token)).rejects.toMatchObject({
      code: "locked_down",
      status: 503,
    });
    h.locked = undefined;
    h.lookingUp = () => (h.locked = "incident");
    expect(await outcome(h.probes.start(bot, here, token))).toBe("locked_down");
    h.lookingUp = () => undefined;
    h.locked = undefined;
    expect(await outcome(h.probes.start(bot, here, token))).toBe("taken");
  });

  it("tells nothing that cannot be recorded, and uses the token up", async () => {
    const h = make();
    const token = await tokenOf(h);
    h.log.failing = "lost";
    await expect(h.probes.start(bot, here, token)).rejects.toThrow("disk full");
    h.log.failing = undefined;
    expect(await outcome(h.probes.start(bot, here, token))).toBe("probe_token_refused: used");
  });
});

describe("a report", () => {
  it.each<[string, (h: ProbesHarness, task: ProbeTask) => Promise<unknown>, string]>([
    [
      "a text that is no nonce",
      (h, t) => h.probes.report(bot, here, reportOf(t, { nonce: "x" })),
      "malformed",
    ],
    [
      "an unknown nonce",
      (h, t) => h.probes.report(bot, here, reportOf(t, { nonce: "0".repeat(32) })),
      "unknown",
    ],
    [
      "the nonce of another principal",
      (h, t) => h.probes.report(otherBot, here, reportOf(t)),
      "other_principal",
    ],
    [
      "the nonce from another address",
      (h, t) => h.probes.report(bot, "10.9.9.8", reportOf(t)),
      "other_address",
    ],
    [
      "a nonce that was used",
      async (h, t) => {
        await h.probes.report(bot, here, reportOf(t));
        await h.probes.report(bot, here, reportOf(t));
      },
      "used",
    ],
    [
      "a nonce that is late",
      (h, t) => {
        h.clock.advance(15 * minute);
        return h.probes.report(bot, here, reportOf(t));
      },
      "late",
    ],
    [
      "one that is late while the wall clock was stepped back",
      (h, t) => {
        h.clock.advance(15 * minute);
        h.clock.stepWall(-10 * minute);
        return h.probes.report(bot, here, reportOf(t));
      },
      "late",
    ],
  ])("is refused with %s", async (_, send, reason) => {
    const h = make();
    await expect(send(h, await started(h))).rejects.toMatchObject({
      code: "probe_report_refused",
      status: 403,
      message: "no report is taken for this nonce from here",
      reason,
    });
  });

  it("is taken until the last moment, during a lock-down, and from the same address however it is written", async () => {
    const h = make();
    const task = await started(h);
    h.locked = "incident";
    h.clock.advance(15 * minute - 1);
    expect(await outcome(h.probes.report(bot, `::ffff:${here}`, reportOf(task)))).toBe("taken");
  });

  it("of a connection that was not told is refused, and may be mended", async () => {
    const h = make();
    const task = await started(h);
    const ways = closedWays.map((way) => ({ ...way, connection: "payroll" }));
    await expect(h.probes.report(bot, here, reportOf(task, { ways }))).rejects.toMatchObject({
      code: "invalid_input",
      status: 400,
      message: "body.ways.0.connection: it is not one of this probe's",
    });
    expect(h.log.types()).not.toContain("path.probed");
    expect(await outcome(h.probes.report(bot, here, reportOf(task)))).toBe("taken");
  });

  it("of two at once, on two gateways, is one", async () => {
    const h = make();
    const task = await started(h);
    const all = await Promise.all([
      outcome(h.probes.report(bot, here, reportOf(task))),
      outcome(h.other().report(bot, here, reportOf(task))),
    ]);
    expect(all.toSorted()).toEqual(["probe_report_refused: used", "taken"]);
    expect(h.log.types().filter((type) => type === "path.probed")).toHaveLength(1);
  });

  it("is not kept where it cannot be recorded", async () => {
    const h = make();
    const task = await started(h);
    h.log.failing = "lost";
    await expect(h.probes.report(bot, here, reportOf(task))).rejects.toThrow("disk full");
    expect(await h.probes.hosts()).toEqual([]);
  });

  it("is judged by what was told and by the targets' state at both ends", async () => {
    const h = make();
    h.states.set("orders-db", "down");
    expect(await probed(h)).toMatchObject({
      verdict: "undecided",
      connections: [{ verdict: "undecided" }, { verdict: "closed" }],
    });
    h.states.set("orders-db", "up");
    const orders = h.targets.get("orders-db");
    if (orders !== undefined) h.targets.set("orders-db", { ...orders, state: "down" });
    expect(await probed(h)).toMatchObject({ connections: [{ verdict: "undecided" }, { verdict: "closed" }] });
    expect(await probed(h, { ways: [] })).toMatchObject({ verdict: "undecided" });
    // What is configured meanwhile does not matter.
    if (orders !== undefined) h.targets.set("orders-db", orders);
    const task = await started(h);
    h.targets.clear();
    expect((await h.probes.report(bot, here, reportOf(task))).verdict).toBe("closed");
  });

  it("of very many ways is recorded whole, and listed within bounds with how many there are", async () => {
    const h = make();
    const ways = Array.from({ length: 1000 }, (_, at): ProbeWay => ({
      to: `${"x".repeat(290)}${at}`,
      by: "y".repeat(200),
      kind: "proxy",
      outcome: "open",
      found: "answered",
      detail: "z".repeat(300),
    }));
    const credentials = Array.from({ length: 60 }, (_, at) => ({ kind: "env", place: `P${at}`, name: "" }));
    const host = await probed(h, { ways, credentials });
    expect(host.verdict).toBe("open");
    expect(host.open).toHaveLength(21);
    expect(host.open.at(-1)).toBe("and 980 more, which the record path.probed has");
    expect([host.credentials.length, host.credentialsLeftOut]).toEqual([50, 10]);
    const detail = h.log.disk.at(-1)?.detail as Record<string, Json>;
    const { open: found } = detail["found"] as { open: readonly Json[] };
    expect([detail["open"], found.length]).toEqual([1000, 1000]);
    // As the log shortens it: verdicts and counts stay in the record.
    const kept: Buffer[] = [];
    const short = outsource(canonicalJson(detail), (bytes) => {
      kept.push(bytes);
      return { bytes: bytes.length, payload: "sha256:" };
    });
    expect(Buffer.byteLength(short)).toBeLessThan(MAX_DETAIL_BYTES);
    expect(JSON.parse(short)).toMatchObject({ verdict: "open", open: 1000, credentials: 60 });
    expect(kept.some((bytes) => bytes.includes(`${"x".repeat(290)}999`))).toBe(true);
  });

  it("of a way that is open or in doubt stands in the record whole", async () => {
    const h = make();
    const open: ProbeWay = {
      connection: "orders-db",
      to: "10.0.0.7:5432",
      by: "address 10.0.0.7",
      kind: "direct",
      address: "10.0.0.7",
      port: 5432,
      outcome: "open",
      found: "answered",
      detail: "it answers",
      credentials: ["~/.pgpass"],
    };
    const silent: ProbeWay = {
      to: "/var/run/docker.sock",
      by: "container socket",
      kind: "socket",
      outcome: "undecided",
      found: "silent",
      detail: "",
    };
    await probed(h, { ways: [open, silent] });
    expect(h.log.disk.at(-1)?.detail).toMatchObject({
      verdict: "open",
      connections: [
        { connection: "orders-db", verdict: "open_with_credential" },
        { connection: "billing-db", verdict: "undecided" },
      ],
      open: 1,
      undecided: 1,
      closed: {},
      found: {
        open: [open],
        undecided: [silent],
        doubts: [{ connection: "billing-db", why: ["10.0.0.8:5432 was not shown to be closed"] }],
      },
    });
  });

  it("replaces the host's one before, and after 400 days it is gone with the next offer", async () => {
    const h = make();
    await probed(h);
    h.clock.advance(minute);
    const { probe } = await probed(h);
    await probed(h, { host: "support-2" });
    expect((await h.probes.hosts()).map((each) => each.host).toSorted()).toEqual(["support-1", "support-2"]);
    expect((await h.probes.hosts()).map((each) => each.probe)).toContain(probe);
    h.clock.advance(400 * 24 * 60 * minute);
    await h.probes.offer(operator);
    expect(await h.probes.hosts()).toHaveLength(2);
    h.clock.advance(1);
    await h.probes.offer(operator);
    expect(await h.probes.hosts()).toEqual([]);
  });

  it("of the hundred and first host of a requester pushes out the oldest", async () => {
    const h = make();
    for (let at = 0; at <= 100; at += 1) {
      await probed(h, { host: `host-${at}` });
      h.clock.advance(1);
    }
    const names = (await h.probes.hosts()).map(({ host }) => host);
    expect(names).toHaveLength(100);
    expect([names[0], names.at(-1)]).toEqual(["host-100", "host-1"]);
  });
});

it("says that the store does not answer", async () => {
  const h = make();
  const away = { ...h.store.probes, hosts: () => Promise.reject(new Error("connection lost")) };
  const { createProbes } = await import("./probes.ts");
  const probes = createProbes({
    clock: h.clock,
    log: h.log,
    store: away,
    connections: {
      names: () => [],
      targets: async () => [],
      look: async () => ({ states: new Map(), reached: new Set() }),
    },
    gateway: () => ({ host: "m", port: 1, ports: [1] }),
    locked: () => undefined,
    configuration: () => "",
  });
  await expect(probes.hosts()).rejects.toMatchObject({ code: "store_unavailable", status: 503 });
});
