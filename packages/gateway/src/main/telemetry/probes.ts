import type { ConnectionHealth } from "../../api/services.ts";
import type { ConnectionConfiguration } from "../../configuration/types.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import type { Clock } from "../../kernel/clock.ts";
import { createProbing, type Probing, type ProbeTarget } from "./probing.ts";

/** What is known of the connections' targets. */
export type Probes = Probing;

/** What probes are made of. */
export interface ProbesParts {
  readonly clock: Clock;
  /** The connections in force: asked at every look. */
  readonly connections: () => ReadonlyMap<string, ConnectionConfiguration>;
  readonly protocols: readonly AnyProtocol[];
  /** Told when a target goes down, or is up again after that. */
  readonly turned?: (connection: string, health: ConnectionHealth) => void;
  readonly random?: () => number;
}

/** Milliseconds. */
const PACE = { first: 500, every: 30_000 };

/** Starts looking at every target that its protocol can probe, twice a minute. */
export function createProbes({ clock, connections, protocols, turned, random }: ProbesParts): Probes {
  const targets = (): readonly ProbeTarget[] =>
    [...connections().values()].flatMap(({ name, kind, target }) => {
      const protocol = protocols.find((each) => each.kind === kind);
      if (protocol?.probe === undefined) return [];
      // Called on the protocol: it may be a method.
      const probe: ProbeTarget["probe"] = (signal) => protocol.probe?.(target, signal) ?? Promise.reject();
      return [{ name, identity: target, probe }];
    });
  return createProbing({ clock, targets, pace: PACE, turned: turned ?? (() => undefined), random });
}
