import type { Grants } from "../../../gateway/src/grants/grants.ts";
import type { Records } from "../../../gateway/src/main/wiring/records.ts";
import type { FakeClock } from "../fake-clock.ts";
import type { Episode } from "./plan.ts";
import type { Random } from "./random.ts";

/** A grant of the history that is live now, with the secret that opens it. */
export interface LiveSeed {
  readonly grant: string;
  readonly secret: string;
  readonly episode: Episode;
}

/** What the history is written with. */
export interface Scene {
  readonly clock: FakeClock;
  readonly records: Records;
  readonly grants: Grants;
  readonly configuration: string;
  readonly issuers: { readonly agents: string; readonly people: string };
  readonly random: Random;
  /** Puts more into the history, in its order. */
  readonly plan: (at: number, run: () => Promise<void>) => void;
  /** The present. */
  readonly end: number;
  readonly live: LiveSeed[];
}
