import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { client, makeWorld, wordProtocol, type World } from "./testing/fakes.ts";
import type { Proof, SessionRefused, Session, TurnSender } from "./gate.ts";
import { Permit } from "./permit.ts";
import type { Verdict } from "./protocol.ts";

const bot = (name = "0oabot"): Proof => ({ kind: "token", token: `good:${name}`, grant: "gr_1" });

/** Opens a session, running the turn that its record needs. */
async function open(
  world: World,
  proof: Proof = bot(),
  connection = "db",
): Promise<Session<string, string> | SessionRefused> {
  return world.gate.open(proof, connection, client);
}

async function opened(
  world: World,
): Promise<{ session: Session<string, string>; sender: TurnSender & { left: number; refusals: string[] } }> {
  const session = await open(world);
  if (session.kind === "refused") throw new Error(session.denial.message);
  const sender = {
    left: 0,
    refusals: [] as string[],
    leave() {
      sender.left += 1;
    },
    refuse(denial: { message: string }) {
      sender.refusals.push(denial.message);
    },
  };
  session.attach(sender);
  return { session, sender };
}

const turnOver = (): Promise<void> =>
  new Promise((resolve) => void setImmediate(() => setImmediate(resolve)));

describe("opening a session", () => {
  test("a verified identity with a live grant gets one, and the record is written first", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const session = await open(world);
    expect(session.kind === "refused").toBe(false);
    expect(world.log.written.map((record) => record.type)).toEqual(["session.opened"]);
    expect(world.gates.sessions).toBe(1);
  });

  test.each([
    ["somebody else's grant", (world: World) => (world.activate("gr_1", 60_000), bot("0oaother"))],
    ["an unknown grant", () => bot()],
    ["a wrong connection", (world: World) => (world.activate("gr_1", 60_000), bot()), "other"],
  ] as [string, (world: World) => Proof, string?][])(
    "%s: the same refusal, recorded",
    async (_, proof, connection = "db") => {
      const world = makeWorld();
      const answer = await open(world, proof(world), connection);
      expect(answer).toMatchObject({
        code: "no_grant",
        denial: { message: "there is no active grant of that id for you on this connection" },
      });
      await turnOver();
      expect(world.log.written.map((record) => record.type)).toEqual(["session.refused"]);
    },
  );

  test("a grant that another gateway made is found by the look in the store", async () => {
    const world = makeWorld();
    world.state.lookedUp = (id) => void world.activate(id, 60_000);
    expect(await open(world)).toMatchObject({ kind: "session" });
  });

  test("a bad token is unauthenticated", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    expect(await open(world, { kind: "token", token: "bad", grant: "gr_1" })).toMatchObject({
      code: "unauthenticated",
    });
  });

  test("a proof that no exchange made is no proof", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    expect(await open(world, { kind: "grant-secret", grant: "gr_1" })).toMatchObject({ code: "no_grant" });
  });

  test("locked down, unavailable, unrecordable: refused", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    world.state.locked = true;
    expect(await open(world)).toMatchObject({ code: "locked_down" });
    world.state.locked = false;
    world.state.unavailable = "the store is away";
    const away = await open(world);
    expect(away).toMatchObject({ code: "unavailable" });
    expect(JSON.stringify(away)).not.toContain("the store is away");
    world.state.unavailable = undefined;
    world.log.broken = { why: "disk full", late: true };
    expect(await open(world)).toMatchObject({ code: "unavailable" });
    expect(world.gates.sessions).toBe(0);
  });

  test("sessions are bounded, and a closed one makes room", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const first = await open(world);
    await open(world);
    await open(world);
    expect(await open(world)).toMatchObject({ code: "too_many" });
    if (first.kind === "refused") throw new Error("refused");
    first.close({ cause: "client_gone", words: "done" });
    expect((await open(world)).kind).toBe("session");
  });

  test("a flood of failed log-ins does not flood the log", async () => {
    const world = makeWorld();
    for (let i = 0; i < 500; i++) world.gate.refused(client, "db", "wrong secret");
    await turnOver();
    expect(world.log.written).toHaveLength(50);
  });
});

describe("judging", () => {
  test("a permitted act leaves after the turn's one write, all sessions together", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const a = await opened(world);
    const b = await opened(world);
    const before = world.log.flushes;
    for (const each of [a, b, a])
      expect(each.session.judge("ok", `{"kind":"word"}`)).toMatchObject({ kind: "permit" });
    expect(a.sender.left + b.sender.left).toBe(0);
    await turnOver();
    expect([a.sender.left, b.sender.left]).toEqual([1, 1]);
    expect(world.log.flushes).toBe(before + 1);
    expect(world.log.written.at(-1)).toMatchObject({
      type: "act.intent",
      grant: "gr_1",
      detail: { act: { kind: "word" }, decision: "permit", operation: "db/read" },
    });
  });

  test("an act that several operations cover together names each with its connection", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const by = "db/read, db/write";
    const check = (act: string): Verdict<string> => ({ kind: "permit", operation: by, cover: act });
    const gate = world.gates.forProtocol({ ...wordProtocol, compile: () => check });
    const session = await gate.open(bot(), "db", client);
    if (session.kind === "refused") throw new Error(session.denial.message);
    session.attach({ leave: () => undefined, refuse: () => undefined });
    session.judge("ok", `{"kind":"word"}`);
    await turnOver();
    expect(world.log.written.at(-1)).toMatchObject({ type: "act.intent", detail: { operation: by } });
  });

  test("what an act takes is told: to its decision, and from its intent to its outcome", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const slow = (act: string): Verdict<string> => {
      world.clock.advance(2);
      return act === "drop"
        ? { kind: "deny", denial: { rule: "words", message: "no", remedy: "ask", hint: "" } }
        : { kind: "permit", operation: "db/read", cover: act };
    };
    const gate = world.gates.forProtocol({ ...wordProtocol, compile: () => slow });
    const session = await gate.open(bot(), "db", client);
    if (session.kind === "refused") throw new Error(session.denial.message);
    session.attach({ leave: () => undefined, refuse: () => undefined });
    const first = session.judge("one", "{}");
    const second = session.judge("two", "{}");
    session.judge("drop", "{}");
    if (first.kind === "deny" || second.kind === "deny") throw new Error("denied");
    world.clock.advance(30);
    // Those that are under way side by side are told apart.
    session.complete(second.permit, {});
    world.clock.advance(5);
    session.complete(first.permit, {});
    expect(world.times).toEqual([
      "words judged 2",
      "words judged 2",
      "words judged 2",
      "words completed 32",
      "words completed 39",
    ]);
  });

  test("a denial is recorded and the session stays usable", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { session, sender } = await opened(world);
    expect(session.judge("drop", "{}")).toMatchObject({ denial: { rule: "words" } });
    await turnOver();
    expect(sender.left).toBe(0);
    expect(world.log.written.at(-1)).toMatchObject({
      type: "act.denied",
      detail: { decision: "deny", rule: "words" },
    });
    expect(session.judge("ok", "{}").kind).toBe("permit");
  });

  test("an act that cannot be recorded is refused: at once, or at the end of its turn", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { session, sender } = await opened(world);
    world.log.broken = { why: "disk full", late: false };
    expect(session.judge("ok", "{}")).toMatchObject({ denial: { rule: "audit log" } });
    world.log.broken = { why: "disk full", late: true };
    expect(session.judge("ok", "{}").kind).toBe("permit");
    await turnOver();
    expect(sender.left).toBe(0);
    expect(sender.refusals).toHaveLength(1);
  });

  test("a flush of somebody else's that failed in the same turn refuses the turn's acts", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { session, sender } = await opened(world);
    session.judge("ok", "{}");
    world.log.broken = { why: "disk full", late: true };
    expect(() => world.log.flush()).toThrow("disk full");
    world.log.broken = undefined;
    await turnOver();
    expect(sender).toMatchObject({
      left: 0,
      refusals: [expect.stringContaining("could not be recorded") as string],
    });
  });

  test("a sender that throws harms no other session", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const bad = await open(world);
    if (bad.kind === "refused") throw new Error("refused");
    bad.attach({
      leave() {
        throw new Error("broken");
      },
      refuse: () => undefined,
    });
    const good = await opened(world);
    bad.judge("ok", "{}");
    good.session.judge("ok", "{}");
    await turnOver();
    expect(good.sender.left).toBe(1);
    expect(world.faults).toHaveLength(1);
  });

  test("a permit is spent once, and cannot be made elsewhere", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { session } = await opened(world);
    const decision = session.judge("ok", "{}");
    if (decision.kind !== "permit") throw new Error("denied");
    decision.permit.spend();
    expect(() => decision.permit.spend()).toThrow("once");
    expect(
      () =>
        new (Permit as unknown as new (...args: unknown[]) => Permit<string>)(Symbol("mint"), 1, "x", "y"),
    ).toThrow("gate alone");
  });

  test("an outcome names its intent", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { session } = await opened(world);
    const decision = session.judge("ok", "{}");
    if (decision.kind !== "permit") throw new Error("denied");
    session.complete(decision.permit, { rows: 3, bytes: 9, tag: "SELECT 3", error: "57014" });
    await turnOver();
    expect(world.log.written.at(-1)).toMatchObject({
      type: "act.outcome",
      detail: { intent: decision.permit.intent, rows: 3, bytes: 9, tag: "SELECT 3", error: "57014" },
    });
  });
});

describe("the end", () => {
  test("the deadline holds on either clock, also before its timer has run", async () => {
    for (const pass of [
      (world: World) => world.clock.stepWall(60_000),
      (world: World) => world.clock.advance(60_000),
    ]) {
      const world = makeWorld();
      world.activate("gr_1", 60_000);
      const { session } = await opened(world);
      world.clock.stepWall(-3_600_000);
      world.clock.stepWall(3_600_000);
      expect(session.judge("ok", "{}").kind).toBe("permit");
      pass(world);
      expect(session.judge("ok", "{}")).toMatchObject({ denial: { rule: "deadline" } });
    }
  });

  test("a wall clock stepped back extends nothing", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { session } = await opened(world);
    world.clock.stepWall(-3_600_000);
    world.clock.advance(60_000);
    expect(session.judge("ok", "{}")).toMatchObject({ denial: { rule: "deadline" } });
  });

  test("whatever ends the grant ends the session, with its reason", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { session } = await opened(world);
    world.end("gr_1", { state: "revoked", words: "revoked by ops" });
    expect(session.ended.aborted).toBe(true);
    expect(session.ended.reason).toMatchObject({ cause: "revoked", words: "revoked by ops" });
    expect(session.judge("ok", "{}")).toMatchObject({ denial: { message: "revoked by ops" } });
  });

  test("a withdrawn identity ends the session and the grant", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { session } = await opened(world);
    world.withdraw("token is no longer active");
    expect(session.ended.aborted).toBe(true);
    expect(world.withdrawnGrants).toEqual(["gr_1"]);
  });

  test("of whom nothing is known: their session ends, their grant does not, and nothing new opens until they are", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { session } = await opened(world);
    world.withdraw("the access token has expired", "unknown");
    expect(session.ended.aborted).toBe(true);
    expect(world.withdrawnGrants).toEqual([]);
    world.state.unknown = "the access token has expired";
    expect(await open(world)).toMatchObject({ code: "unauthenticated", denial: { rule: "identity" } });
    world.state.unknown = undefined;
    expect((await open(world)).kind).toBe("session");
  });

  test("whose last proof is too old: their session ends and its record says why, their grant does not end", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { session } = await opened(world);
    world.withdraw("the last proof is 2m old", "unproven");
    expect(session.ended.reason).toEqual({
      cause: "reverify",
      words: "your identity cannot be verified any more: the last proof is 2m old",
    });
    session.close({ cause: "client_gone", words: "told" });
    expect(world.withdrawnGrants).toEqual([]);
    world.state.stale = "the last proof is 2m old";
    expect(await open(world)).toMatchObject({
      code: "unauthenticated",
      denial: {
        rule: "identity",
        message: "your identity cannot be verified now: the last proof is 2m old",
        hint: expect.stringContaining("show a fresh access token"),
      },
    });
    world.state.stale = undefined;
    expect((await open(world)).kind).toBe("session");
    const closed = world.log.written.find(({ type }) => type === "session.closed");
    expect(closed).toMatchObject({ detail: { cause: "reverify", reason: "told" } });
  });

  test("what a target still runs of a session is recorded and told, and its place is free", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const sessions = [await opened(world), await opened(world), await opened(world)];
    const [session] = sessions.map(({ session: each }) => each);
    session?.close({ cause: "client_gone", words: "gone" }, { process: 4711, acts: [17] });
    expect((await open(world)).kind).toBe("session");
    expect(world.log.written.find(({ type }) => type === "session.closed")).toMatchObject({
      detail: { reason: "gone", still_running: { process: 4711, acts: [17] } },
    });
    expect(world.stillRunning).toEqual([
      { session: session?.id, grant: "gr_1", connection: "db", process: 4711, acts: [17] },
    ]);
  });

  test("stop tells every session, waits for them, and lets nobody in", async () => {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { session } = await opened(world);
    session.ended.addEventListener("abort", () => session.close({ cause: "client_gone", words: "told" }));
    await world.gates.stop("the gateway stops", 1000);
    expect(world.gates.sessions).toBe(0);
    expect(world.log.written.at(-1)).toMatchObject({ type: "session.closed", detail: { reason: "told" } });
    expect(await open(world)).toMatchObject({ code: "unavailable" });
  });
});

describe("SCRAM-SHA-256", () => {
  const secret = "s3cret";
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(secret, salt, 4096, 32, "sha256");
  const mac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const stored = createHash("sha256").update(mac(salted, "Client Key")).digest();
  const verifier = `SCRAM-SHA-256$4096:${salt.toString("base64")}$${stored.toString("base64")}:${mac(salted, "Server Key").toString("base64")}`;

  /** A client by RFC 5802, with its message in reach of the tests. */
  async function exchange(
    world: World,
    password: string,
    change: (message: string) => string = (text) => text,
    grant = "gr_1",
  ): Promise<ReturnType<ReturnType<World["gate"]["scram"]>["final"]>> {
    const scram = world.gate.scram(grant);
    const bare = "n=,r=clientnonce0";
    const first = await scram.first(`n,,${bare}`);
    if (first === undefined) return undefined;
    const match = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(first);
    const key = pbkdf2Sync(
      password,
      Buffer.from(match?.[2] ?? "", "base64"),
      Number(match?.[3]),
      32,
      "sha256",
    );
    const withoutProof = `c=biws,r=${match?.[1]}`;
    const clientKey = mac(key, "Client Key");
    const signature = mac(
      createHash("sha256").update(clientKey).digest(),
      `${bare},${first},${withoutProof}`,
    );
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString("base64");
    return scram.final(change(`${withoutProof},p=${proof}`));
  }

  test("the right secret opens a session", async () => {
    const world = makeWorld();
    world.state.verifier = verifier;
    world.activate("gr_1", 60_000);
    const done = await exchange(world, secret);
    expect(done?.message).toMatch(/^v=/);
    expect("refused" in (await open(world, done!.proof))).toBe(false);
  });

  test("the right secret opens nothing from another host than the grant is for, and says for which", async () => {
    const world = makeWorld();
    world.state.verifier = verifier;
    world.activate("gr_1", 60_000, undefined, { from: { address: "10.0.0.7", key: "k1" } });
    const openAt = async (address: string): Promise<Session<string, string> | SessionRefused> => {
      const done = await exchange(world, secret);
      return world.gate.open(done!.proof, "db", { ...client, address });
    };
    for (const elsewhere of ["10.0.0.8", "::1", "::ffff:10.0.0.8", "10.0.0.7.example", ""])
      expect(await openAt(elsewhere)).toMatchObject({
        kind: "refused",
        code: "no_grant",
        denial: {
          message: expect.stringMatching(/^this grant is for the host at 10\.0\.0\.7,/),
          remedy: "ask",
        },
      });
    await turnOver();
    expect(world.log.written[0]).toMatchObject({
      type: "session.refused",
      grant: "gr_1",
      detail: { address: "10.0.0.8", reason: "the grant is for another host" },
    });
    expect(world.log.written.map(({ type }) => type)).not.toContain("session.opened");
    // A socket that listens for both families says it so.
    for (const here of ["10.0.0.7", "::ffff:10.0.0.7", "::ffff:a00:7"])
      expect(await openAt(here)).toMatchObject({ kind: "session", grant: "gr_1" });
  });

  test.each([
    ["a wrong secret", "wrong", undefined],
    ["another binding", secret, (text: string) => text.replace("biws", "eSws")],
    ["another nonce", secret, (text: string) => text.replace("r=clientnonce0", "r=clientnonce1")],
    ["a missing proof", secret, (text: string) => text.slice(0, text.indexOf(",p="))],
    ["something long", secret, (text: string) => `${text}${"x".repeat(5000)}`],
  ])("%s fails", async (_, password, change) => {
    const world = makeWorld();
    world.state.verifier = verifier;
    world.activate("gr_1", 60_000);
    expect(await exchange(world, password, change)).toBeUndefined();
  });

  test("an unknown grant and one without a secret look like a wrong secret", async () => {
    const world = makeWorld();
    world.activate("gr_2", 60_000);
    for (const grant of ["gr_none", "gr_2"]) {
      const first = await world.gate.scram(grant).first("n,,n=,r=clientnonce0");
      expect(first).toMatch(/^r=clientnonce0[^,]+,s=[A-Za-z0-9+/]+=*,i=4096$/);
      expect(await exchange(world, secret, undefined, grant)).toBeUndefined();
    }
  });

  test("an exchange is bound to its channel where the client chose that, and to no other", async () => {
    const channel = Buffer.from("of this certificate");
    const attempt = async (
      flag: string,
      bound: Buffer,
      mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-256-PLUS",
      offered: Buffer | undefined = channel,
    ): Promise<string> => {
      const world = makeWorld();
      world.state.verifier = verifier;
      world.activate("gr_1", 60_000);
      const scram = world.gate.scram("gr_1", offered);
      const bare = "n=,r=clientnonce0";
      const first = await scram.first(`${flag},,${bare}`, mechanism);
      if (first === undefined) return "refused at once";
      const nonce = /^r=([^,]+)/.exec(first)?.[1];
      const withoutProof = `c=${Buffer.concat([Buffer.from(`${flag},,`), bound]).toString("base64")},r=${nonce}`;
      const clientKey = mac(salted, "Client Key");
      const signature = mac(stored, `${bare},${first},${withoutProof}`);
      const proof = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!)).toString("base64");
      return scram.final(`${withoutProof},p=${proof}`) === undefined ? "refused" : "taken";
    };
    const none = Buffer.alloc(0);
    const plus = "SCRAM-SHA-256-PLUS";
    expect(makeWorld().gate.scram("gr_1", channel).mechanisms).toEqual([plus, "SCRAM-SHA-256"]);
    expect(makeWorld().gate.scram("gr_1").mechanisms).toEqual(["SCRAM-SHA-256"]);
    expect(await attempt("p=tls-server-end-point", channel, plus)).toBe("taken");
    expect(await attempt("n", none, "SCRAM-SHA-256")).toBe("taken");
    expect(await attempt("p=tls-server-end-point", Buffer.from("of another's"), plus)).toBe("refused");
    expect(await attempt("p=tls-server-end-point", none, plus)).toBe("refused");
    expect(await attempt("p=tls-unique", channel, plus)).toBe("refused at once");
    expect(await attempt("n", none, plus)).toBe("refused at once");
    expect(await attempt("p=tls-server-end-point", channel, "SCRAM-SHA-256")).toBe("refused at once");
    // Somebody on the way hid from the client that it could have bound.
    expect(await attempt("y", none, "SCRAM-SHA-256")).toBe("refused at once");
  });

  test("a client that could bind may go without where nothing is offered", async () => {
    expect(await makeWorld().gate.scram("gr_1").first("y,,n=,r=clientnonce0")).toMatch(/^r=/);
    expect(
      await makeWorld()
        .gate.scram("gr_1")
        .first("p=tls-server-end-point,,n=,r=clientnonce0", "SCRAM-SHA-256-PLUS"),
    ).toBeUndefined();
  });

  test.each([
    "",
    "p=tls-unique,,n=,r=clientnonce0",
    "n,a=other,n=,r=clientnonce0",
    "n,,n=,r=short",
    "n,,m=x,n=,r=clientnonce0",
    `n,,n=,r=${"x".repeat(2000)}`,
  ])("a malformed first message is refused: %j", async (message) => {
    expect(await makeWorld().gate.scram("gr_1").first(message)).toBeUndefined();
  });

  test("an exchange cannot be finished twice, nor before its first message", async () => {
    const world = makeWorld();
    world.state.verifier = verifier;
    world.activate("gr_1", 60_000);
    const scram = world.gate.scram("gr_1");
    expect(scram.final("c=biws,r=x,p=y")).toBeUndefined();
    await scram.first("n,,n=,r=clientnonce0");
    expect(scram.final("c=biws,r=x,p=y")).toBeUndefined();
    expect(await scram.first("n,,n=,r=clientnonce0")).toBeUndefined();
  });
});
