import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet, Member } from "./fleet.ts";
import type { Deafness } from "./judge.ts";
import type { ReplicatedStore } from "./store.ts";

/** What a fault acts on. */
export interface Surroundings {
  readonly fleet: Fleet;
  readonly store: ReplicatedStore;
  readonly random: () => number;
  /** Told of a time in which gateways could not hear. */
  readonly deaf: (time: Deafness) => void;
}

/** Something that is done to gateways under load. */
export interface Fault {
  readonly name: string;
  /** How often, unless the command says otherwise. */
  readonly times: number;
  /** Why it can't be done here; undefined: it can. */
  readonly isImpossible?: (fleet: Fleet) => string | undefined;
  /** Resolves once everything serves again. */
  readonly run: (at: Surroundings) => Promise<void>;
}

/** How long everything works before and after a fault, milliseconds. */
const CALM_MS = 1500;
/** Longer than a gateway serves anything new without the store. */
const PARTED_MS = 14_000;
/** Long enough for the load balancer, an operator's revocation and a grant's end to meet a full disk. */
const FULL_MS = 6000;
/** How long a recovery may take on a busy machine, milliseconds. */
const RECOVERY_MS = 60_000;

export const faults: readonly Fault[] = [
  {
    name: "kill -9 of one of three",
    times: 10,
    async run({ fleet, random }) {
      const member = anyOf(fleet, random);
      await sleep(CALM_MS * random());
      await member.process?.stop("SIGKILL");
      member.process = undefined;
      await sleep(CALM_MS);
      await fleet.start(member);
      await allReady(fleet);
    },
  },
  {
    name: "rolling restart with drain",
    times: 1,
    async run({ fleet }) {
      for (const member of fleet.members) {
        const code = await member.process?.stop("SIGTERM");
        if (code !== 0) throw new Error(`${member.name} ended with ${code}`);
        member.process = undefined;
        await fleet.start(member);
        await allReady(fleet);
        await sleep(CALM_MS);
      }
    },
  },
  {
    name: "one gateway parted from the store for 14 s",
    times: 1,
    async run({ fleet, random, deaf }) {
      const { link } = anyOf(fleet, random);
      const from = Date.now();
      link.part();
      await sleep(PARTED_MS);
      link.heal();
      await allReady(fleet);
      deaf({ from, to: Date.now() });
      await sleep(CALM_MS);
    },
  },
  {
    name: "the disk of one gateway full for 6 s",
    times: 1,
    isImpossible: ({ members }) =>
      members.some(({ disk }) => disk === undefined) ? "only root may mount a disk to fill" : undefined,
    async run({ fleet, random }) {
      const { disk } = anyOf(fleet, random);
      await disk?.fill();
      await sleep(FULL_MS);
      await disk?.free();
      await allReady(fleet);
      await sleep(CALM_MS);
    },
  },
  {
    name: "store failover: primary killed, replica promoted",
    times: 1,
    async run({ fleet, store, deaf }) {
      const from = Date.now();
      const port = await store.failOver();
      for (const { link } of fleet.members) link.switchTo(port);
      await allReady(fleet);
      deaf({ from, to: Date.now() });
      await sleep(CALM_MS);
    },
  },
];

function anyOf({ members }: Fleet, random: () => number): Member {
  const member = members[Math.floor(random() * members.length)];
  if (member === undefined) throw new TypeError("there is no gateway");
  return member;
}

/** Waits until the load balancer finds every gateway ready. */
async function allReady({ members }: Fleet): Promise<void> {
  const until = performance.now() + RECOVERY_MS;
  // What was known before the fault says nothing.
  for (const member of members) member.isReady = false;
  while (!members.every(({ isReady }) => isReady)) {
    if (performance.now() > until) {
      const away = members.filter(({ isReady }) => !isReady).map(({ name }) => name);
      throw new Error(`not ready after ${RECOVERY_MS / 1000} s: ${away.join(", ")}`);
    }
    await sleep(100);
  }
}
