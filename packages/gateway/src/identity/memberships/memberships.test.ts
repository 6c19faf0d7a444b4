import { afterEach, describe, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createMemberships, type Memberships, type MembershipStore } from "./memberships.ts";
import { memoryMemberships } from "./testing/memory-store.ts";

const issuer = "https://okta.example/oauth2/aus1";
const sre = { id: "00gSRE", name: "sre" };
const rosa = { issuer, subject: "rosa@example.com", uid: "00uROSA" };
const person = { uid: "00uROSA", login: "rosa@example.com" };

const open: Memberships[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.stop();
});

function scene(store: MembershipStore = memoryMemberships(), clock = fakeClock()) {
  const faults: unknown[] = [];
  const make = (isShared: boolean): Memberships => {
    const one = createMemberships({ store, clock, isShared, fault: (error) => faults.push(error) });
    open.push(one);
    return one;
  };
  return { store, clock, faults, make, memberships: make(false) };
}

describe("a group that somebody left", () => {
  test("does not count in a token that was issued before, and does in one that was issued after", async () => {
    const { memberships, clock } = scene();
    const at = clock.wall();
    await memberships.left({ issuers: [issuer], person, group: sre, at });
    expect(memberships.still(rosa, ["sre", "leads"], at - 60_000)).toEqual(["leads"]);
    // A token's time is in whole seconds: one of the same moment is taken for older.
    expect(memberships.still(rosa, ["sre"], at)).toEqual([]);
    expect(memberships.still(rosa, ["sre"], at + 1)).toEqual(["sre"]);
  });

  test("is meant by its id as well as by its name, for a person named by id, login or both", async () => {
    for (const named of [person, { uid: "00uROSA" }, { login: "Rosa@Example.com" }]) {
      const { memberships, clock } = scene();
      await memberships.left({ issuers: [issuer], person: named, group: sre, at: clock.wall() });
      expect(memberships.still(rosa, ["sre", "00gSRE"], 0)).toEqual([]);
    }
    const { memberships, clock } = scene();
    await memberships.left({ issuers: [issuer], person, group: { id: "00gSRE" }, at: clock.wall() });
    expect(memberships.still(rosa, ["sre", "00gSRE"], 0)).toEqual(["sre"]);
  });

  test("does not come back by whoever was given the login since", async () => {
    const { memberships, clock } = scene();
    const at = clock.wall();
    await memberships.left({ issuers: [issuer], person, group: sre, at });
    const next = { uid: "00uNEXT", login: "rosa@example.com" };
    await memberships.joined({ issuers: [issuer], person: next, group: sre, at: at + 1000 });
    expect(memberships.still(rosa, ["sre"], at - 60_000)).toEqual([]);
    expect(memberships.still({ ...rosa, uid: "00uNEXT" }, ["sre"], at - 60_000)).toEqual(["sre"]);
    await memberships.joined({ issuers: [issuer], person, group: sre, at: at + 2000 });
    expect(memberships.still(rosa, ["sre"], at - 60_000)).toEqual(["sre"]);
  });

  test("stays that of everybody else, also of whoever has the same name at another issuer", async () => {
    const { memberships, clock } = scene();
    await memberships.left({ issuers: [issuer], person, group: sre, at: clock.wall() });
    const lena = { issuer, subject: "lena@example.com", uid: "00uLENA" };
    expect(memberships.still(lena, ["sre"], 0)).toEqual(["sre"]);
    expect(memberships.still({ ...rosa, issuer: "https://other.example" }, ["sre"], 0)).toEqual(["sre"]);
  });

  test("is foreseen without being left, for one person or for everybody", async () => {
    const { memberships, clock, store } = scene();
    const at = clock.wall();
    const lena = { issuer, subject: "lena@example.com", uid: "00uLENA" };
    const left = memberships.foresee({ issuers: [issuer], person, group: sre, at });
    expect(left(rosa, ["sre", "00gSRE", "leads"], at - 1)).toEqual(["leads"]);
    expect(left(lena, ["sre"], at - 1)).toEqual(["sre"]);
    const gone = memberships.foresee({ issuers: [issuer], group: sre, at });
    expect([gone(rosa, ["sre"], at - 1), gone(lena, ["sre"], at - 1)]).toEqual([[], []]);
    expect(gone({ ...rosa, issuer: "https://other.example" }, ["sre"], 0)).toEqual(["sre"]);
    expect(memberships.still(rosa, ["sre"], at - 1)).toEqual(["sre"]);
    expect(await store.since(0, 10)).toEqual([]);
    // With what was left before; and not where they have joined it since.
    await memberships.left({ issuers: [issuer], person, group: { id: "leads" }, at });
    expect(left(rosa, ["sre", "leads", "other"], at - 1)).toEqual(["other"]);
    await memberships.joined({ issuers: [issuer], person, group: sre, at: at + 1 });
    expect(left(rosa, ["sre"], at - 1)).toEqual(["sre"]);
  });

  test("is taken from a person who is known by a login alone, as SAML names one", async () => {
    const { memberships, clock } = scene();
    await memberships.left({ issuers: [issuer], person, group: sre, at: clock.wall() });
    const byName = { issuer, subject: "rosa@example.com", uid: "rosa@example.com" };
    expect(memberships.still(byName, ["sre"], 0)).toEqual([]);
  });

  test("counts again once they have joined it again", async () => {
    const { memberships, clock } = scene();
    const at = clock.wall();
    await memberships.left({ issuers: [issuer], person, group: sre, at });
    await memberships.joined({ issuers: [issuer], person, group: sre, at: at + 1000 });
    expect(memberships.still(rosa, ["sre"], 0)).toEqual(["sre"]);
    // Joining gives nobody a group.
    expect(memberships.still(rosa, [], 0)).toEqual([]);
  });

  test("is judged by when it happened, in whatever order it is told", async () => {
    const { memberships, clock } = scene();
    const at = clock.wall();
    await memberships.left({ issuers: [issuer], person, group: sre, at });
    await memberships.joined({ issuers: [issuer], person, group: sre, at: at - 1000 });
    expect(memberships.still(rosa, ["sre"], 0)).toEqual([]);
    // Of one moment, what takes away counts.
    await memberships.joined({ issuers: [issuer], person, group: sre, at });
    expect(memberships.still(rosa, ["sre"], 0)).toEqual([]);
  });

  test("is everybody's that is gone, until somebody joins it anew", async () => {
    const { memberships, clock } = scene();
    const at = clock.wall();
    await memberships.left({ issuers: [issuer], group: sre, at });
    const lena = { issuer, subject: "lena@example.com", uid: "00uLENA" };
    expect(memberships.still(rosa, ["sre", "leads"], 0)).toEqual(["leads"]);
    expect(memberships.still(lena, ["sre"], 0)).toEqual([]);
    await memberships.joined({ issuers: [issuer], person, group: sre, at: at + 5 });
    expect(memberships.still(rosa, ["sre"], 0)).toEqual(["sre"]);
    expect(memberships.still(lena, ["sre"], 0)).toEqual([]);
  });

  test.each([
    ["lies far ahead", 1e15],
    ["is none", Number.NaN],
  ])("with a time that %s takes nothing from tokens yet to be issued", async (_, at) => {
    const { memberships, clock } = scene();
    await memberships.left({ issuers: [issuer], person, group: sre, at });
    expect(memberships.still(rosa, ["sre"], clock.wall())).toEqual([]);
    expect(memberships.still(rosa, ["sre"], clock.wall() + 61_000)).toEqual(["sre"]);
  });

  test("about nobody changes nothing", async () => {
    const { memberships, clock } = scene();
    await memberships.left({ issuers: [issuer], person: {}, group: sre, at: clock.wall() });
    await memberships.left({ issuers: [issuer], person: { uid: "" }, group: sre, at: clock.wall() });
    await memberships.left({ issuers: [], person, group: sre, at: clock.wall() });
    expect(memberships.still(rosa, ["sre"], 0)).toEqual(["sre"]);
  });
});

describe("what is kept", () => {
  test("holds at once, and is known after a restart", async () => {
    const { store, clock, memberships } = scene();
    const kept = memberships.left({ issuers: [issuer], person, group: sre, at: clock.wall() });
    expect(memberships.still(rosa, ["sre"], 0)).toEqual([]);
    await kept;
    const after = scene(store, clock).memberships;
    await after.start();
    expect(after.still(rosa, ["sre"], 0)).toEqual([]);
  });

  test("holds in memory where no disk takes it, and whoever told it hears so", async () => {
    const store: MembershipStore = { ...memoryMemberships(), keep: () => Promise.reject(new Error("away")) };
    const { memberships, clock } = scene(store);
    await expect(
      memberships.left({ issuers: [issuer], person, group: sre, at: clock.wall() }),
    ).rejects.toThrow("away");
    expect(memberships.still(rosa, ["sre"], 0)).toEqual([]);
  });

  test("reaches another gateway of the store within a second or two, and does not go back", async () => {
    const { clock, make } = scene();
    const [a, b] = [make(true), make(true)];
    await a.start();
    await b.start();
    await a.left({ issuers: [issuer], person, group: sre, at: clock.wall() });
    expect(b.still(rosa, ["sre"], 0)).toEqual(["sre"]);
    clock.advance(1000);
    await new Promise(setImmediate);
    expect(b.still(rosa, ["sre"], 0)).toEqual([]);
    for (let second = 0; second < 120; second++) {
      clock.advance(1000);
      await new Promise(setImmediate);
    }
    expect(b.still(rosa, ["sre"], 0)).toEqual([]);
  });

  test("is forgotten once no token or browser session can be as old", async () => {
    const { clock, memberships, store } = scene();
    await memberships.start();
    await memberships.left({ issuers: [issuer], person, group: sre, at: clock.wall() });
    clock.advance(7 * 86_400_000);
    expect(memberships.still(rosa, ["sre"], 0)).toEqual([]);
    clock.advance(86_400_000 + 3_600_000);
    expect(memberships.still(rosa, ["sre"], 0)).toEqual(["sre"]);
    expect(await store.since(0, 10)).toEqual([]);
  });

  test("is bounded, and what it lets go gives no group back", async () => {
    const { store, clock } = scene();
    const bounded = () => {
      const made = createMemberships({ store, clock, isShared: false, maxWords: 20, fault: () => {} });
      open.push(made);
      return made;
    };
    const memberships = bounded();
    const began = clock.wall();
    const of = (at: number) => ({ issuer, subject: "x", uid: `00u${at}` });
    for (let at = 0; at <= 10; at++) {
      clock.advance(1000);
      await memberships.left({
        issuers: [issuer],
        person: { uid: `00u${at}` },
        group: sre,
        at: clock.wall(),
      });
    }
    expect(memberships.still(of(10), ["sre"], began)).toEqual([]);
    // The first is let go: what was said until then gives nobody of this issuer a group.
    expect(memberships.still(of(0), ["sre"], began + 1000)).toEqual([]);
    expect(memberships.still(of(0), ["sre"], began + 1001)).toEqual(["sre"]);
    expect(memberships.still({ ...of(0), issuer: "https://other.example" }, ["sre"], began)).toEqual(["sre"]);
    // A gateway that starts reads the newest alone.
    const started = bounded();
    await started.start();
    expect(started.still(of(0), ["sre"], began + 1000)).toEqual([]);
    expect(started.still(of(0), ["sre"], clock.wall() + 1)).toEqual(["sre"]);
  });
});

test("a gateway tells of words that another one has kept, and of whom, once; not of its own", async () => {
  const store = memoryMemberships();
  const clock = fakeClock();
  const told: ((member: { issuer: string; subject: string; uid?: string }) => boolean)[] = [];
  const learned = (isMeant: (typeof told)[number]): void => void told.push(isMeant);
  const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));
  const one = createMemberships({ store, clock, isShared: true, learned, fault: () => {} });
  const other = createMemberships({ store, clock, isShared: false, fault: () => {} });
  open.push(one, other);
  await one.start();
  await one.left({ issuers: [issuer], person: { uid: "00uLENA" }, group: sre, at: clock.wall() });
  clock.advance(1000);
  await settled();
  expect(told).toEqual([]);
  await other.left({ issuers: [issuer], person, group: sre, at: clock.wall() });
  clock.advance(1000);
  await settled();
  clock.advance(1000);
  await settled();
  expect(told).toHaveLength(1);
  const [isMeant] = told;
  expect(isMeant?.(rosa)).toBe(true);
  expect(isMeant?.({ issuer, subject: "lena@example.com", uid: "00uLENA" })).toBe(false);
  expect(isMeant?.({ ...rosa, issuer: "https://other.example" })).toBe(false);
});
