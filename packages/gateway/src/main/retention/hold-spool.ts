import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { AuditLog } from "../../audit/log.ts";
import type { HoldOn } from "../../audit/retention/holds.ts";
import type { HoldSharing } from "../../audit/retention/shared-holds.ts";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";

/** The operator's command leaves what is to be recorded in a folder that only the gateway's own user can write to. */
export const holdsFolder = (dataFolder: string): string => join(dataFolder, "holds");

/** It is looked into this often, milliseconds. */
const LOOK_EVERY_MS = 500;

const id = z.string().regex(/^hold_[0-9a-z]{16}$/);
const said = z.string().min(1).max(1000);
const orderSchema = z.discriminatedUnion("action", [
  z.strictObject({
    action: z.literal("place"),
    hold: id,
    on: z.union([
      z.strictObject({ request: said }),
      z.strictObject({ principal: said }),
      z.strictObject({ connection: said }),
    ]),
    reason: said,
    by: said,
  }),
  z.strictObject({ action: z.literal("lift"), hold: id, reason: said, by: said }),
]);

/** What an operator has ordered. */
export type HoldOrder =
  | {
      readonly action: "place";
      readonly hold: string;
      readonly on: HoldOn;
      readonly reason: string;
      readonly by: string;
    }
  | { readonly action: "lift"; readonly hold: string; readonly reason: string; readonly by: string };

const orderFile = (folder: string, hold: string, action: HoldOrder["action"]): string =>
  join(folder, `${hold}.${action}.json`);

/** Whether a text is the id of a hold: it becomes a part of a path. */
export const isHoldId = (text: string): boolean => id.safeParse(text).success;

/** Whether an order is there that is not recorded yet. */
export const isLeft = (folder: string, hold: string, action: HoldOrder["action"]): boolean =>
  isHoldId(hold) && existsSync(orderFile(folder, hold, action));

/** Leaves an order for the gateway. @returns the file, which is there until it is recorded */
export function leaveOrder(folder: string, order: HoldOrder): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = orderFile(folder, order.hold, order.action);
  writeFileSync(`${path}.tmp`, JSON.stringify(order), { mode: 0o600, flush: true });
  renameSync(`${path}.tmp`, path);
  return path;
}

/** Records orders as they come. */
export interface HoldSpool {
  /** Records what is there. @throws Error when it cannot be: then nothing may be dropped */
  record(): Promise<void>;
  /** How many orders were recorded since the start. */
  recorded(): number;
  close(): void;
}

/** Watches the folder from now on. */
export function watchHolds(parts: {
  readonly folder: string;
  readonly log: AuditLog;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
  /** Tells other gateways; left out: none share the store. */
  readonly sharing?: HoldSharing;
}): HoldSpool {
  const { folder, log, clock, sharing } = parts;
  /** Whether others are to be told anew: of those that earlier runs recorded, of one that was lifted. */
  let isDue = sharing !== undefined;
  const lifted = new Set<string>();
  let chain: Promise<void> = Promise.resolve();
  let told: string | undefined;
  let isClosed = false;
  let recorded = 0;
  let cancel = clock.schedule(0, look);

  async function recordAll(): Promise<void> {
    await recordLeft();
    for (const hold of lifted) {
      await sharing?.lifted(hold);
      lifted.delete(hold);
    }
    if (!isDue) return;
    await sharing?.tellAll();
    isDue = false;
  }

  async function recordLeft(): Promise<void> {
    if (!existsSync(folder)) return;
    // An order to lift comes after the one to place: the names say the same id, and `lift` stands before `place`.
    for (const name of readdirSync(folder).toSorted().toReversed()) {
      if (!name.endsWith(".json")) continue;
      const path = join(folder, name);
      let order: HoldOrder;
      try {
        order = orderSchema.parse(JSON.parse(readFileSync(path, "utf8")));
      } catch {
        throw new Error(`${path} is no order that mayflyd left: take it away`);
      }
      const { action, by, ...detail } = order;
      // In the store before its record: whoever asks from now on obeys it; a drop that has asked already goes on. One that is
      // lifted is obeyed until others are told.
      if (order.action === "place") await sharing?.add({ id: order.hold, on: order.on });
      else {
        isDue = sharing !== undefined;
        lifted.add(order.hold);
      }
      recorded += 1;
      log.append({
        type: action === "place" ? "log.hold_placed" : "log.hold_lifted",
        principal: { kind: "system", issuer: "mayflyd", subject: by, name: by },
        detail: { ...detail },
      });
      await log.sync();
      rmSync(path);
    }
  }

  function record(): Promise<void> {
    const mine = chain.then(recordAll);
    chain = mine.catch(() => undefined);
    return mine;
  }

  function look(): void {
    void record()
      .then(() => (told = undefined))
      .catch((error: unknown) => {
        const problem = `holds: ${messageOf(error)}; nothing is dropped`;
        if (told !== problem && !isClosed) parts.onProblem(problem);
        told = problem;
      })
      .finally(() => {
        if (!isClosed) cancel = clock.schedule(LOOK_EVERY_MS, look);
      });
  }

  return {
    record,
    recorded: () => recorded,
    close() {
      isClosed = true;
      cancel();
    },
  };
}
