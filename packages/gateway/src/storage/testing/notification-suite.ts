import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NewDelivery, NotificationStore, Settled } from "../../notifications/store.ts";
import type { Store } from "../store.ts";

/** What every store must do for notifications; run on each kind. */
export function notificationSuite(
  kind: string,
  open: () => Promise<Store>,
  closeAll: () => Promise<void>,
): void {
  describe(`notifications in the ${kind} store`, () => {
    let opened: Store;
    let store: NotificationStore;
    let number = 0;
    const name = (what: string): string => `${what}-${++number}`;
    const made = (
      log: string,
      webhook: string,
      seq: number,
      createdAt = 1000,
      principal = "",
    ): NewDelivery => ({
      id: name("dlv"),
      log,
      webhook,
      seq,
      type: "request.created",
      createdAt,
      principal,
    });
    const shown = (delivery: NewDelivery): Omit<NewDelivery, "principal"> => {
      const { principal: _, ...rest } = delivery;
      return rest;
    };
    const settled = (id: string, more: Partial<Settled> = {}): Settled => ({
      id,
      state: "delivered",
      attempts: 1,
      lastStatus: 200,
      lastError: undefined,
      nextAt: undefined,
      deliveredAt: 2000,
      ...more,
    });
    beforeAll(async () => {
      opened = await open();
      store = opened.notifications;
    });
    afterAll(async () => {
      await opened.close();
      await closeAll();
    });

    it("moves a cursor with its deliveries, and makes one delivery of one record however often it is read", async () => {
      const log = name("log");
      const cursor = { log, reader: "webhook:siem" };
      expect(await store.cursor(cursor)).toBeUndefined();
      await store.advance(cursor, 7, [made(log, "siem", 5), made(log, "siem", 6)]);
      await store.advance(cursor, 7, [made(log, "siem", 5), made(log, "siem", 6)]);
      expect(await store.cursor(cursor)).toBe(7);
      const due = await store.due(log, "siem", 1000, 10);
      expect(due.map(({ seq, state, attempts }) => [seq, state, attempts])).toEqual([
        [5, "pending", 0],
        [6, "pending", 0],
      ]);
      expect(await store.due(log, "siem", 1000, 1)).toHaveLength(1);
      expect(await store.due(log, "siem", 999, 10)).toEqual([]);
      expect(await store.due(name("log"), "siem", 1000, 10)).toEqual([]);
      expect(await store.pending(log, "siem")).toBe(2);
      expect(await store.nextDue(log, "siem")).toBe(1000);
      await store.advance(
        cursor,
        2000,
        Array.from({ length: 1200 }, (_, at) => made(log, "siem", 7 + at)),
      );
      expect(await store.pending(log, "siem")).toBe(1202);
    });

    it("has each principal's deliveries in turns, so that many of one hold up nobody's", async () => {
      const log = name("log");
      const many = Array.from({ length: 900 }, (_, at) => made(log, "siem", at, 1000, "busy"));
      const few = [made(log, "siem", 900, 1000, "calm"), made(log, "siem", 901, 1000, "calm")];
      await store.advance({ log, reader: "webhook:siem" }, 902, [...many, ...few]);
      const turns = [0, 900, 1, 901, 2, 3];
      expect((await store.due(log, "siem", 1000, 6)).map(({ seq }) => seq)).toEqual(turns);
      const [first] = many;
      await store.settle([settled(first?.id ?? "")]);
      expect((await store.due(log, "siem", 1000, 2)).map(({ seq }) => seq)).toEqual([1, 900]);
    });

    it("settles what came of attempts, and replays", async () => {
      const log = name("log");
      const webhook = name("hook");
      const [first, second] = [made(log, webhook, 1), made(log, webhook, 2)];
      await store.advance({ log, reader: `webhook:${webhook}` }, 3, [first, second]);
      await store.settle([
        settled(first.id),
        settled(second.id, {
          state: "pending",
          lastStatus: 503,
          lastError: "answered 503\0",
          nextAt: 6000,
          deliveredAt: undefined,
        }),
      ]);
      expect(await store.delivery(first.id)).toEqual({
        ...shown(first),
        state: "delivered",
        attempts: 1,
        lastStatus: 200,
        deliveredAt: 2000,
      });
      expect(await store.delivery(second.id)).toEqual({
        ...shown(second),
        state: "pending",
        attempts: 1,
        lastStatus: 503,
        lastError: "answered 503\u{FFFD}",
        nextAt: 6000,
      });
      expect(await store.nextDue(log, webhook)).toBe(6000);
      // An outcome that comes twice counts once.
      await store.settle([settled(second.id, { state: "failed" })]);
      expect((await store.delivery(second.id))?.state).toBe("pending");
      expect(await store.deliveries({ webhook, limit: 10 })).toHaveLength(2);
      expect(
        (await store.deliveries({ webhook, state: "delivered", limit: 10 })).map(({ id }) => id),
      ).toEqual([first.id]);
      expect(await store.deliveries({ webhook, limit: 1 })).toMatchObject([{ id: second.id }]);
      expect(await store.replay(first.id, 9000)).toMatchObject({
        state: "pending",
        attempts: 0,
        nextAt: 9000,
        createdAt: 9000,
      });
      expect(await store.replay("dlv-unknown", 9000)).toBeUndefined();
    });

    it("goes back where a log was cut", async () => {
      const [log, other] = [name("log"), name("log")];
      for (const of of [log, other]) {
        await store.advance({ log: of, reader: "webhook:siem" }, 9, [
          made(of, "siem", 4),
          made(of, "siem", 8),
        ]);
        await store.advance({ log: of, reader: "slack" }, 3, []);
      }
      await store.rewind(log, 5);
      expect(await store.cursor({ log, reader: "webhook:siem" })).toBe(5);
      expect(await store.cursor({ log, reader: "slack" })).toBe(3);
      expect((await store.due(log, "siem", 1000, 10)).map(({ seq }) => seq)).toEqual([4]);
      expect(await store.cursor({ log: other, reader: "webhook:siem" })).toBe(9);
      expect(await store.pending(other, "siem")).toBe(2);
    });

    it("forgets readers that are gone, and gives up what was on its way to them", async () => {
      const [log, other] = [name("log"), name("log")];
      for (const of of [log, other]) {
        for (const webhook of ["kept", "gone"])
          await store.advance({ log: of, reader: `webhook:${webhook}` }, 1, [made(of, webhook, 0)]);
        await store.advance({ log: of, reader: "slack" }, 1, []);
      }
      await store.forget(log, ["webhook:kept"], "the webhook was removed");
      expect(await store.cursor({ log, reader: "webhook:kept" })).toBe(1);
      expect(await store.cursor({ log, reader: "webhook:gone" })).toBeUndefined();
      expect(await store.cursor({ log, reader: "slack" })).toBeUndefined();
      expect(await store.pending(log, "kept")).toBe(1);
      expect(await store.pending(log, "gone")).toBe(0);
      expect(await store.cursor({ log: other, reader: "webhook:gone" })).toBe(1);
      expect(await store.pending(other, "gone")).toBe(1);
      await store.forget(log, [], "the webhook was removed");
      expect(await store.pending(log, "kept")).toBe(0);
    });

    it("keeps within bounds of age and number, and gives up what has waited too long", async () => {
      const log = name("log");
      const webhook = name("hook");
      const all = Array.from({ length: 10 }, (_, at) => made(log, webhook, at, at * 1000));
      await store.advance({ log, reader: `webhook:${webhook}` }, 10, all);
      await store.settle(all.slice(2).map(({ id }) => settled(id)));
      await store.prune(log, { pendingSince: 1000, reason: "too old", before: 4000, keep: 3 });
      const left = await store.deliveries({ webhook, limit: 100 });
      expect(left.map(({ seq, state }) => `${seq} ${state}`)).toEqual([
        "9 delivered",
        "8 delivered",
        "7 delivered",
        "1 pending",
      ]);
    });

    it("keeps what Slack shows", async () => {
      const log = name("log");
      const message = (about: string, updatedAt: number, isOpen = true) => ({
        about,
        log,
        channel: "C1",
        ts: "1.2",
        shown: "sha256:00",
        isOpen,
        updatedAt,
      });
      const [a, b] = [name("req"), name("req")];
      expect(await store.slackMessage(a)).toBeUndefined();
      await store.saveSlackMessage(message(a, 200));
      await store.saveSlackMessage(message(b, 100));
      expect(await store.slackMessage(a)).toEqual(message(a, 200));
      expect((await store.openSlackMessages(log, 10)).map(({ about }) => about)).toEqual([b, a]);
      expect(await store.openSlackMessages(log, 1)).toHaveLength(1);
      expect(await store.openSlackMessages(name("log"), 10)).toEqual([]);
      await store.saveSlackMessage({ ...message(a, 300, false), shown: "sha256:11", ts: "3.4" });
      expect(await store.slackMessage(a)).toMatchObject({ shown: "sha256:11", ts: "3.4", isOpen: false });
      await store.pruneSlack(301);
      expect(await store.slackMessage(a)).toBeUndefined();
      expect(await store.slackMessage(b)).toBeDefined();
    });

    it("takes a call once", async () => {
      const mark = name("mark");
      const took = await Promise.all([store.seen(mark, 1000, 0), store.seen(mark, 1000, 0)]);
      expect(took.filter(Boolean)).toHaveLength(1);
      expect(await store.seen(mark, 1000, 1001)).toBe(true);
    });
  });
}
