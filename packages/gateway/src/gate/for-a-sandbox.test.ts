import { EventEmitter } from "node:events";
import { beforeEach, describe, expect, it } from "vitest";
import { verifierOf } from "../grants/lifecycle/secret-verifier.ts";
import { newId, newSecret } from "../kernel/ids.ts";
import type { Entry, Session, SessionRefused, WebSession } from "./gate.ts";
import { client, makeWorld, type World } from "./testing/fakes.ts";

// Grants that are for a command in a sandbox: the secret, which the command has, opens them, and no access token does.

let world: World;
let grant: string;
let bearer: string;
beforeEach(async () => {
  world = makeWorld(undefined, { connections: 100 });
  const secret = newSecret();
  grant = newId("gr");
  bearer = `${grant}.${secret}`;
  world.state.verifier = await verifierOf(secret);
});
const token = "good:0oabot";
const alone = "no_grant: this grant is for a command in a sandbox";

const enter = (
  shown: string,
  more: Partial<Entry> = {},
): Promise<WebSession<string, string> | SessionRefused> =>
  world.gate.enter({ bearer: shown, connection: "db", client, socket: new EventEmitter(), ...more });
const open = (id: string): Promise<Session<string, string> | SessionRefused> =>
  world.gate.open({ kind: "token", token, grant: id }, "db", client);

/** The grant that was opened, or the words of the refusal. */
async function answer(
  coming: Promise<{ readonly kind: "session"; readonly grant: string } | SessionRefused>,
): Promise<string> {
  const came = await coming;
  return came.kind === "refused" ? `${came.code}: ${came.denial.message}` : came.grant;
}

describe("a grant for a command in a sandbox", () => {
  beforeEach(() => world.activate(grant, 60_000, undefined, { sandbox: true }));

  it("opens with its secret over HTTP", async () => {
    expect(await answer(enter(bearer))).toBe(grant);
  });

  it("is refused to its holder's token over HTTP, which is recorded", async () => {
    expect(await answer(enter(token))).toContain(alone);
    expect(await answer(enter(token, { grant }))).toContain(alone);
    await expect
      .poll(() => world.log.written.map(({ type, grant: id }) => [type, id]))
      .toEqual([
        ["session.refused", undefined],
        ["session.refused", undefined],
      ]);
  });

  it("is refused to its holder's token at PostgreSQL's port, which is recorded", async () => {
    expect(await answer(open(grant))).toContain(alone);
    await expect
      .poll(() => world.log.written)
      .toMatchObject([
        { type: "session.refused", grant, detail: { reason: "the grant is for a command in a sandbox" } },
      ]);
  });

  it("is refused to a token on the very connection that its secret opened", async () => {
    const socket = new EventEmitter();
    expect(await answer(enter(bearer, { socket }))).toBe(grant);
    expect(await answer(enter(token, { socket }))).toContain(alone);
    expect(await answer(enter(bearer, { socket }))).toBe(grant);
  });

  it("says nothing of itself to another holder", async () => {
    expect(await answer(enter("good:0oaother"))).not.toContain("sandbox");
  });
});

describe("of several grants, with a token", () => {
  it("the one that is for no sandbox is used, though the other is newer and covers the act", async () => {
    world.activate("gr_1", 60_000);
    world.activate("gr_2", 60_000, undefined, { sandbox: true });
    for (const more of [{}, { covers: () => true }]) expect(await answer(enter(token, more))).toBe("gr_1");
    expect(await answer(enter(token, { grant: "gr_2" }))).toContain(alone);
  });

  it("the other is not looked at where the one that may be used does not cover the act", async () => {
    world.activate("gr_1", 60_000);
    world.activate("gr_2", 60_000, undefined, { sandbox: true });
    let asked = 0;
    const covers = (): boolean => (asked += 1) > 1;
    expect(await answer(enter(token, { covers }))).toBe("gr_1");
    expect(asked).toBe(1);
  });
});
