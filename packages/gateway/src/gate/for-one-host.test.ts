import { EventEmitter } from "node:events";
import { beforeEach, describe, expect, it } from "vitest";
import { verifierOf } from "../grants/lifecycle/secret-verifier.ts";
import { newId, newSecret } from "../kernel/ids.ts";
import type { Place } from "../kernel/known-paths.ts";
import type { Entry, Session, SessionRefused, WebSession } from "./gate.ts";
import { client, makeWorld, type World } from "./testing/fakes.ts";

// Grants that are for the one host whose direct paths were probed closed: from nowhere else do they open anything.

let world: World;
beforeEach(() => (world = makeWorld(undefined, { connections: 100 })));

const address = "10.0.0.7";
const elsewhere = "10.0.0.8";
const bound: Place = { address, key: "k1" };
const unbound: Place = { address };
const activate = (id: string, from?: Place): unknown =>
  world.activate(id, 60_000, undefined, from === undefined ? {} : { from });
const types = (): string[] => world.log.written.map(({ type }) => type);
const forHost =
  "this grant is for the host at 10.0.0.7, which asked for it, and this connection comes from 10.0.0.8";
const none = "there is no active grant of that id for you on this connection";

/** Comes over HTTP, on a connection of its own unless one is given. */
const enter = (
  bearer: string,
  from: string,
  more: Partial<Entry> = {},
): Promise<WebSession<string, string> | SessionRefused> =>
  world.gate.enter({
    bearer,
    connection: "db",
    client: { ...client, address: from },
    socket: new EventEmitter(),
    ...more,
  });

/** Comes to PostgreSQL's port with a token. */
const open = (
  token: string,
  from = address,
  grant = "gr_1",
): Promise<Session<string, string> | SessionRefused> =>
  world.gate.open({ kind: "token", token, grant }, "db", { ...client, address: from });

/** The grant that was opened, or the words of the refusal. */
async function answer(
  coming: Promise<{ readonly kind: "session"; readonly grant: string } | SessionRefused>,
): Promise<string> {
  const came = await coming;
  return came.kind === "refused" ? `${came.code}: ${came.denial.message}` : came.grant;
}

describe("over HTTP with the grant's secret", () => {
  let bearer: string;
  let grant: string;
  beforeEach(async () => {
    const secret = newSecret();
    grant = newId("gr");
    bearer = `${grant}.${secret}`;
    world.state.verifier = await verifierOf(secret);
  });

  it("opens from its host, in whatever form the socket has its address", async () => {
    activate(grant, bound);
    for (const from of [address, `::ffff:${address}`, "::ffff:a00:7"])
      expect(await answer(enter(bearer, from))).toBe(grant);
  });

  it("is refused from another host, which is told for which it is, and recorded", async () => {
    activate(grant, bound);
    expect(await answer(enter(bearer, elsewhere))).toBe(`no_grant: ${forHost}`);
    await expect
      .poll(() => world.log.written)
      .toMatchObject([
        {
          type: "session.refused",
          grant,
          detail: { address: elsewhere, reason: "the grant is for another host" },
        },
      ]);
  });

  it("is refused again on the same connection, and after the right host used it", async () => {
    activate(grant, bound);
    const socket = new EventEmitter();
    expect(await answer(enter(bearer, elsewhere, { socket }))).toContain(forHost);
    expect(await answer(enter(bearer, elsewhere, { socket }))).toContain(forHost);
    expect(await answer(enter(bearer, address))).toBe(grant);
    expect(await answer(enter(bearer, elsewhere))).toContain(forHost);
    expect(types().filter((type) => type === "session.opened")).toHaveLength(1);
  });

  it("is told of a host by an IPv6 address in its one form", async () => {
    activate(grant, { address: "2001:db8::7" });
    expect(await answer(enter(bearer, "2001:DB8:0::7"))).toBe(grant);
    expect(await answer(enter(bearer, "2001:db8::8"))).toContain(
      "the host at 2001:db8::7, which asked for it, and this connection comes from 2001:db8::8",
    );
  });

  it("opens from anywhere where the grant is for no host", async () => {
    activate(grant);
    for (const from of [address, elsewhere, "::1"]) expect(await answer(enter(bearer, from))).toBe(grant);
  });
});

describe.each<[string, (token: string, from?: string) => Promise<string>]>([
  ["over HTTP", (token, from = address) => answer(enter(token, from))],
  ["at PostgreSQL's port", (token, from = address) => answer(open(token, from))],
])("%s with the holder's token", (_, come) => {
  it("opens under the key that asked, from the address that asked", async () => {
    activate("gr_1", bound);
    expect(await come("good:0oabot#k1")).toBe("gr_1");
    expect(await come("good:0oabot#k1", `::ffff:${address}`)).toBe("gr_1");
  });

  it("is no grant under another key, and under none", async () => {
    activate("gr_1", bound);
    for (const token of ["good:0oabot#k2", "good:0oabot"])
      expect(await come(token)).toBe(`no_grant: ${none}`);
    await expect.poll(types).toEqual(["session.refused", "session.refused"]);
  });

  it("is no grant under a key where a bearer token asked", async () => {
    activate("gr_1", unbound);
    expect(await come("good:0oabot#k1")).toBe(`no_grant: ${none}`);
    expect(await come("good:0oabot")).toBe("gr_1");
  });

  it("is refused from another address, which is told for which host it is", async () => {
    activate("gr_1", bound);
    expect(await come("good:0oabot#k1", elsewhere)).toBe(`no_grant: ${forHost}`);
    expect(await come("good:0oabot#k2", elsewhere)).toBe(`no_grant: ${none}`);
  });

  it("says nothing of the host to another holder", async () => {
    activate("gr_1", bound);
    expect(await come("good:0oaother#k1", elsewhere)).toBe(`no_grant: ${none}`);
  });

  it("opens under any key from anywhere where the grant is for no host", async () => {
    activate("gr_1");
    for (const token of ["good:0oabot", "good:0oabot#k1", "good:0oabot#k2"])
      expect(await come(token, elsewhere)).toBe("gr_1");
  });
});

describe("over HTTP with a token, of several grants", () => {
  const covers = (): boolean => true;

  it("each host's own is used, though another's is newer and covers the act", async () => {
    activate("gr_1", unbound);
    activate("gr_2", { address: elsewhere });
    for (const more of [{}, { covers }]) {
      expect(await answer(enter("good:0oabot", address, more))).toBe("gr_1");
      expect(await answer(enter("good:0oabot", elsewhere, more))).toBe("gr_2");
    }
  });

  it("one that is for no host is used before another host's, and the newest of those that are left", async () => {
    activate("gr_1");
    activate("gr_2", unbound);
    activate("gr_3", { address: elsewhere });
    expect(await answer(enter("good:0oabot", "10.0.0.9", { covers }))).toBe("gr_1");
    expect(await answer(enter("good:0oabot", address, { covers }))).toBe("gr_2");
    expect(await answer(enter("good:0oabot", elsewhere))).toBe("gr_3");
  });

  it("another host's is not looked at where this one's does not cover the act", async () => {
    activate("gr_1", unbound);
    activate("gr_2", { address: elsewhere });
    let asked = 0;
    const counts = (): boolean => (asked += 1) > 1;
    expect(await answer(enter("good:0oabot", address, { covers: counts }))).toBe("gr_1");
    expect(asked).toBe(1);
  });

  it("another host's that is named is refused in its words", async () => {
    activate("gr_1", unbound);
    activate("gr_2", { address: elsewhere });
    expect(await answer(enter("good:0oabot", elsewhere, { grant: "gr_1" }))).toContain(forHost);
    expect(await answer(enter("good:0oabot#k1", address, { grant: "gr_1" }))).toBe(`no_grant: ${none}`);
  });

  it("another key's on the same connection is not shared", async () => {
    activate("gr_1", bound);
    const socket = new EventEmitter();
    expect(await answer(enter("good:0oabot#k1", address, { socket }))).toBe("gr_1");
    for (const token of ["good:0oabot#k2", "good:0oabot"])
      expect(await answer(enter(token, address, { socket }))).toBe(`no_grant: ${none}`);
  });
});
