import { describe, expect, it } from "vitest";
import { type AuditFeed, createAuditFeed } from "../../../audit/index/feed.ts";
import { oneFeed } from "../../../audit/logs/feed.ts";
import type { AuditRecord } from "../../../audit/records.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { ApiProblem } from "../../contract/problems.ts";
import type { EventFilter } from "./filter.ts";
import { eventStream, type EventStreamParts } from "./stream.ts";
import { testPrincipal } from "../../testing/fakes.ts";

const operator = testPrincipal("olaf@example.test", "person", ["operator"]);
const everything: EventFilter = {
  wanted: () => true,
  view: (record) => Promise.resolve(record),
  become: () => undefined,
};

const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => void setImmediate(resolve));
};

function world(change: Partial<EventStreamParts> = {}, text = "") {
  const clock = fakeClock();
  const records: AuditRecord[] = [];
  const feed: AuditFeed = createAuditFeed({
    reader: { read: async (seq, limit) => records.slice(seq, seq + limit) },
    written: () => records.length,
    clock,
  });
  const write = async (count: number, type: AuditRecord["type"] = "request.created"): Promise<void> => {
    for (let i = 0; i < count; i++)
      records.push({ seq: records.length, time: "2026-11-24T12:00:00.000Z", type, detail: { text } });
    clock.advance(100);
    await settle();
  };
  const gone = new AbortController();
  const stream = eventStream({
    feed: oneFeed(feed),
    clock,
    from: new Map([[0, 0]]),
    isReset: false,
    wanted: () => true,
    filter: everything,
    again: async () => operator,
    expiresAt: clock.wall() + 3_600_000,
    watch: () => () => {},
    signal: gone.signal,
    ...change,
  });
  let out = "";
  let ended = false;
  const read = (): void => {
    stream.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
  };
  stream.on("close", () => {
    ended = true;
  });
  stream.on("error", () => undefined);
  return {
    clock,
    feed,
    stream,
    write,
    gone,
    read,
    out: () => out,
    ended: () => ended,
    ids: () => Array.from(out.matchAll(/^id: (\d+)\nevent: record$/gm), (match) => Number(match[1])),
  };
}

describe("a stream of events", () => {
  it("sends each record as one event with its number", async () => {
    const it = world();
    it.read();
    await it.write(2);
    expect(it.out()).toContain(
      'id: 1\nevent: record\ndata: {"seq":1,"time":"2026-11-24T12:00:00.000Z","type":"request.created","detail":{"text":""}}\n\n',
    );
    expect(it.ids()).toEqual([0, 1]);
    await it.feed.close();
  });

  it("says what was missed before anything else", async () => {
    const it = world({ isReset: true, from: new Map([[0, 7]]) });
    it.read();
    await settle();
    expect(it.out()).toMatch(/^retry: 2000\nid: 6\n: mayfly\n\nevent: reset\ndata: \{"from":7\}\n\n/);
    await it.feed.close();
  });

  it("sends only what was asked for and may be seen", async () => {
    const it = world({
      wanted: (type) => type !== "act.intent",
      filter: {
        ...everything,
        view: (record) => Promise.resolve(record.seq % 2 === 0 ? record : undefined),
      },
    });
    it.read();
    await it.write(4);
    await it.write(2, "act.intent");
    await it.write(2);
    expect(it.ids()).toEqual([0, 2, 6]);
    await it.feed.close();
  });

  it("gives a sign of life every 15 s, with the number to go on after", async () => {
    const it = world({ filter: { ...everything, view: () => Promise.resolve(undefined) } });
    it.read();
    await it.write(3);
    it.clock.advance(15_000);
    await settle();
    expect(it.out()).toContain(": still here\nid: 2\n\n");
    expect(it.ids()).toEqual([]);
    await it.feed.close();
  });

  it("keeps a bounded amount for a reader that does not read, and cuts it", async () => {
    const it = world({}, "x".repeat(2000));
    await it.write(5000);
    // What waits is one batch's beginning, not five thousand records.
    expect(it.stream.readableLength).toBeLessThan(200_000);
    expect(it.ended()).toBe(false);
    it.clock.advance(30_000);
    await settle();
    expect(it.ended()).toBe(true);
    await it.feed.close();
  });

  it("lets a slow reader go on where it stopped, losing nothing", async () => {
    const it = world({}, "x".repeat(2000));
    await it.write(600);
    expect(it.stream.readableLength).toBeLessThan(200_000);
    it.read();
    for (let i = 0; i < 60; i++) {
      it.clock.advance(100);
      await settle();
    }
    expect(it.ids()).toEqual(Array.from({ length: 600 }, (_, i) => i));
    await it.feed.close();
  });

  it("ends with the reason when the reader may no longer read", async () => {
    let allowed = true;
    const it = world({
      again: async () => {
        if (allowed) return operator;
        throw new ApiProblem("not_signed_in", 401, "the session has ended", "sign in");
      },
    });
    it.read();
    it.clock.advance(5000);
    await settle();
    expect(it.ended()).toBe(false);
    allowed = false;
    it.clock.advance(5000);
    await settle();
    expect(it.out()).toMatch(/event: end\ndata: \{.*"code":"not_signed_in".*\}\n\n$/);
    expect(it.ended()).toBe(true);
    const before = it.out();
    await it.write(1);
    expect(it.out()).toBe(before);
    await it.feed.close();
  });

  it("looks in the moment that it is told of the session's end, and watches no longer than it streams", async () => {
    let over: () => void = () => undefined;
    let watching = true;
    let gone = false;
    const it = world({
      watch: (ended) => {
        over = ended;
        return () => {
          watching = false;
        };
      },
      again: async () => {
        if (gone) throw new ApiProblem("not_signed_in", 401, "the session has ended", "sign in");
        return operator;
      },
    });
    it.read();
    await settle();
    expect([it.ended(), watching]).toEqual([false, true]);
    gone = true;
    over();
    await settle();
    expect(it.out()).toContain("event: end");
    expect([it.ended(), watching]).toEqual([true, false]);
    await it.feed.close();
  });

  it("looks in the moment that the token expires", async () => {
    const clock = fakeClock();
    let looks = 0;
    const it = world({
      expiresAt: clock.wall() + 1000,
      again: async () => {
        looks += 1;
        throw new ApiProblem("token_expired", 401, "the token has expired", "get another");
      },
    });
    it.read();
    it.clock.advance(1002);
    await settle();
    expect(looks).toBe(1);
    expect(it.ended()).toBe(true);
    await it.feed.close();
  });

  it("goes on while the provider is away", async () => {
    const it = world({
      again: async () => {
        throw new ApiProblem("provider_away", 503, "the provider is away", "wait");
      },
    });
    it.read();
    it.clock.advance(5000);
    await settle();
    await it.write(1);
    expect(it.ids()).toEqual([0]);
    expect(it.ended()).toBe(false);
    await it.feed.close();
  });

  it("ends when nobody could say for a minute who the reader is", async () => {
    let isAway = true;
    const it = world({
      again: async () => {
        if (isAway) throw new Error("the store is away");
        return testPrincipal("olaf@example.test", "person", ["operator"]);
      },
    });
    it.read();
    for (let i = 0; i < 11; i += 1) {
      it.clock.advance(5000);
      await settle();
    }
    expect(it.ended()).toBe(false);
    isAway = false;
    it.clock.advance(5000);
    await settle();
    isAway = true;
    for (let i = 0; i < 11; i += 1) {
      it.clock.advance(5000);
      await settle();
    }
    expect(it.ended()).toBe(false);
    it.clock.advance(5000);
    await settle();
    expect(it.ended()).toBe(true);
    await it.feed.close();
  });

  it("shows by the roles of now", async () => {
    const became: string[] = [];
    const it = world({
      filter: { ...everything, become: (viewer) => void became.push(viewer.roles.join()) },
      again: async () => testPrincipal("olaf@example.test", "person", ["reviewer"]),
    });
    it.read();
    it.clock.advance(5000);
    await settle();
    expect(became).toEqual(["reviewer"]);
    await it.feed.close();
  });

  it("sends a batch whose view failed half-way again, and nothing of it twice", async () => {
    let failures = 1;
    const it = world({
      filter: {
        ...everything,
        view: (record) =>
          record.seq === 2 && failures-- > 0
            ? Promise.reject(new Error("the store is away"))
            : Promise.resolve(record),
      },
    });
    it.read();
    await it.write(4);
    it.clock.advance(1100);
    await settle();
    it.clock.advance(100);
    await settle();
    expect(it.ids()).toEqual([0, 1, 2, 3]);
    await it.feed.close();
  });

  it("ends when the client goes or the gateway stops", async () => {
    const it = world();
    it.read();
    it.gone.abort();
    await settle();
    expect(it.ended()).toBe(true);
    await it.feed.close();
    const stopped = AbortSignal.abort();
    const late = world({ signal: stopped });
    late.read();
    await settle();
    expect(late.ended()).toBe(true);
    await late.feed.close();
  });
});
