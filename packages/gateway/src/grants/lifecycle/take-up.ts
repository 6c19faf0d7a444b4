import { deadlineAt } from "../../kernel/clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { createTurns } from "../../kernel/turns.ts";
import { owns } from "../approvals/people.ts";
import { stillAllowed } from "../approvals/re-evaluate.ts";
import type { Core } from "../core.ts";
import { reading } from "../errors.ts";
import type { Actor } from "../grants.ts";
import type { Grant } from "../types.ts";
import { bringUp, partOf } from "./activate.ts";

/**
 * Makes a grant of the store live here, unless it is already or has ended.
 * @param first at a start: a grant that may not live is ended then, and left to others later
 */
export async function takeUp(core: Core, grant: Grant, first: boolean): Promise<void> {
  if (core.live.get(grant.id) !== undefined || core.endedHere.has(grant.id)) return;
  // A lock-down may have been lifted where the grant was made; the gateway that locked ends those that it must.
  if (!first && core.locked !== undefined) return;
  const request = await core.store.request(grant.request);
  // A gateway whose configuration is older or newer leaves the grant to the others; at a start it ends it.
  if (request === undefined || (!first && !stillAllowed(core.rules, request, partOf(grant)))) return;
  bringUp(core, grant, request, deadlineAt(core.clock, grant.endsAt, partOf(grant).ttl));
}

/** How many single grants are read from the store at a time, and how many readings may wait for that. */
const MAX_READS = 16;
const MAX_WAITING_READS = 1000;

/**
 * Looks single grants up for whoever names their ids. Clients can name any: so none of it waits in the turns in which the
 * gateway follows the store, and it never takes more of the store than its bound. What is read here may be old when the
 * follower has heard of the end meanwhile; an end that was heard of stays (see `bringUp`).
 */
export interface GrantReads {
  /**
   * One grant, as it is here or in the store; made live here if it is the actor's and active.
   * @throws store_unavailable, too_many_reads
   */
  readFor(actor: Actor, id: string): Promise<Grant | undefined>;
  /** Makes a grant live here that is active in the store, for another process. @throws store_unavailable, too_many_reads */
  takeUp(id: string): Promise<void>;
  /**
   * One grant as it is in the store, whoever names it; made live here if it is active.
   * @throws store_unavailable, too_many_reads
   */
  lookUp(id: string): Promise<Grant | undefined>;
}

type Reading = <T>(read: () => Promise<T>) => Promise<T>;

/** Lets so many read at a time, and so many wait for it. */
function createReading(): Reading {
  const inTurn = createTurns(MAX_READS);
  let underWay = 0;
  return async (read) => {
    if (underWay >= MAX_READS + MAX_WAITING_READS) {
      throw new MayflyError("too_many_reads", "too many grants are looked up at once", {
        status: 503,
        hint: "try again in a second",
      });
    }
    underWay += 1;
    try {
      return await reading(inTurn(read, new AbortController().signal));
    } finally {
      underWay -= 1;
    }
  };
}

/** @param mayTakeUp whether others make grants in the store, and this gateway serves yet */
export function createGrantReads(core: Core, mayTakeUp: () => boolean): GrantReads {
  const clients = createReading();
  // A client's look-ups hold up none of those that another process of this gateway asks for.
  const peers = createReading();
  const reads = new Map<string, Promise<Grant | undefined>>();

  /** Whoever asks for the same grant meanwhile gets the same answer. */
  function readStored(id: string): Promise<Grant | undefined> {
    const known = reads.get(id);
    if (known !== undefined) return known;
    const read = clients(() => core.store.grant(id)).finally(() => reads.delete(id));
    reads.set(id, read);
    return read;
  }

  const takeUpRead = async (grant: Grant): Promise<void> => {
    if (grant.state === "active" && mayTakeUp()) await takeUp(core, grant, false);
  };

  return {
    async lookUp(id) {
      const grant = await readStored(id);
      if (grant !== undefined) await clients(() => takeUpRead(grant));
      return grant;
    },
    async readFor(actor, id) {
      const grant = core.live.get(id)?.grant ?? core.endedHere.get(id)?.grant ?? (await readStored(id));
      if (grant !== undefined && core.live.get(id) === undefined && owns(actor, grant))
        await clients(() => takeUpRead(grant));
      return grant;
    },
    async takeUp(id) {
      if (!mayTakeUp() || core.live.get(id) !== undefined) return;
      await peers(async () => {
        const grant = await core.store.grant(id);
        if (grant !== undefined) await takeUpRead(grant);
      });
    },
  };
}
