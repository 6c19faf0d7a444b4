import { join } from "node:path";
import type {
  CheckpointDestination,
  CheckpointSettings,
  WitnessDestination,
} from "../../kernel/checkpoint-settings.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Prover } from "../tree/proofs.ts";
import { atMost } from "./at-most.ts";
import { createCourier, type Courier, type DestinationState } from "./courier.ts";
import type { Destination, LeavingCheckpoint, WitnessPort } from "./destination.ts";
import { fileDestination, folderDestination } from "./files.ts";
import { s3Destination } from "./s3.ts";
import { webhookDestination } from "./webhook.ts";
import { witnessDestination } from "./witness.ts";

/** How long the other destinations wait for the witnesses, so that what leaves carries their cosignatures, milliseconds. */
const COSIGN_MS = 3000;
/** How long a stop waits until the last checkpoint is everywhere, milliseconds. */
export const STOP_MS = 8000;
/** Two of Node's four threads for file systems, at most, wait for those of others. */
const MAX_FILE_ATTEMPTS = 2;

/** The log's checkpoints on their way out of the building. */
export interface Leaving {
  /** There is a new checkpoint. Costs nothing: what follows happens later. */
  offer(newest: { readonly note: string; readonly size: number }): void;
  readonly states: () => readonly DestinationState[];
  /** Brings the newest checkpoint, of the closed log, to every destination that lacks it: one attempt, bounded. */
  stop(): Promise<void>;
}

/** What it is made of. */
export interface LeavingParts {
  readonly settings: CheckpointSettings;
  /** The log's name. */
  readonly origin: string;
  /** The folder in which cosigned checkpoints are kept; it is there. */
  readonly cosigned: string;
  readonly clock: Clock;
  /** Proves to witnesses that the log only grew. Closed with this. */
  readonly prover: Pick<Prover, "proveGrowth" | "close">;
  readonly onProblem: (destination: string, message: string) => void;
  readonly onRecovered: (destination: string, records: number) => void;
}

interface Witness {
  readonly port: WitnessPort;
  readonly courier: Courier;
}

/** Starts it. A destination that is down, slow or wrong delays neither the log nor another destination. */
export function startLeaving(parts: LeavingParts): Leaving {
  const { settings, origin, clock } = parts;
  const inTurn = atMost(MAX_FILE_ATTEMPTS);
  const witnesses: Witness[] = [];
  const others: Courier[] = [];
  let newest: LeavingCheckpoint | undefined;
  let lastRound = -Infinity;
  let cancelRound: (() => void) | undefined;
  let isStopped = false;

  for (const settled of settings.to)
    if (settled.kind === "witness") addWitness(settled);
    else others.push(courierOf(settled, portOf(settled, clock, inTurn), withCosignatures));
  const all = (): readonly Courier[] => [...witnesses.map(({ courier }) => courier), ...others];

  function addWitness(settled: WitnessDestination): void {
    const kept = bounded(fileDestination({ path: join(parts.cosigned, `${settled.name}.txt`) }), inTurn);
    const port = witnessDestination({ settings: settled, clock, prover: parts.prover, kept });
    witnesses.push({ port, courier: courierOf(settled, port, async (checkpoint) => checkpoint) });
  }

  function courierOf(
    { name, kind }: CheckpointDestination,
    destination: Destination,
    prepare: (checkpoint: LeavingCheckpoint) => Promise<LeavingCheckpoint>,
  ): Courier {
    return createCourier({
      name,
      kind,
      destination,
      clock,
      prepare,
      onFailed: (message) => parts.onProblem(name, message),
      onRecovered: (records) => parts.onRecovered(name, records),
      onSettled: planRound,
    });
  }

  async function withCosignatures(checkpoint: LeavingCheckpoint): Promise<LeavingCheckpoint> {
    await within(clock, COSIGN_MS, Promise.all(witnesses.map(({ courier }) => courier.settled())));
    const lines = witnesses.flatMap(({ port }) => {
      const cosigned = port.cosigned();
      return cosigned?.size === checkpoint.size ? [cosigned.line] : [];
    });
    return { ...checkpoint, note: checkpoint.note + lines.join("") };
  }

  function planRound(): void {
    if (cancelRound !== undefined || isStopped || !all().some(({ isBehind }) => isBehind)) return;
    cancelRound = clock.schedule(Math.max(0, lastRound + settings.every - clock.monotonic()), () => {
      cancelRound = undefined;
      lastRound = clock.monotonic();
      go();
    });
  }

  /** The witnesses first: the others wait for what they say. A destination that failed comes back by itself. */
  function go(): void {
    for (const courier of all()) if (courier.state().isUp) courier.go();
  }

  return {
    offer({ note, size }) {
      newest = { origin, size, note };
      for (const courier of all()) courier.offer(newest);
      planRound();
    },
    states: () => all().map((courier) => courier.state()),
    async stop() {
      if (isStopped) return;
      isStopped = true;
      cancelRound?.();
      for (const courier of all()) courier.rest();
      const last = Promise.all(
        all().map(async (courier) => {
          // What runs may be of an older checkpoint.
          await courier.settled();
          courier.go();
          await courier.settled();
        }),
      );
      await within(clock, STOP_MS, last);
      for (const courier of all())
        if (courier.isBehind)
          parts.onProblem(
            courier.state().name,
            `the gateway stopped, and the checkpoint of its ${newest?.size ?? 0} records is not there`,
          );
      await Promise.all(all().map((courier) => courier.close()));
      await parts.prover.close();
    },
  };
}

/** Waits for what never rejects, so long at most. */
async function within(clock: Clock, ms: number, what: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = clock.schedule(ms, late.resolve);
  await Promise.race([what, late.promise]);
  cancel();
}

function portOf(
  destination: Exclude<CheckpointDestination, WitnessDestination>,
  clock: Clock,
  inTurn: ReturnType<typeof atMost>,
): Destination {
  if (destination.kind === "file") return bounded(fileDestination(destination), inTurn);
  if (destination.kind === "folder") return bounded(folderDestination(destination), inTurn);
  if (destination.kind === "webhook") return webhookDestination(destination, clock);
  return s3Destination(destination, clock);
}

function bounded(destination: Destination, inTurn: ReturnType<typeof atMost>): Destination {
  return {
    deliver: (checkpoint, signal) => inTurn(() => destination.deliver(checkpoint, signal), signal),
    close: () => destination.close(),
  };
}
