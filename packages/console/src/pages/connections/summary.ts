import type { Connection } from "@mayfly/sdk/browser";
import { agoText } from "../../components/duration.ts";

/** A check older than this is said to be old: the gateway checks every 30 seconds. Milliseconds. */
export const staleAfter = 120_000;

/** A connection's health in words. */
export interface HealthWords {
  readonly state: "up" | "down" | "unknown";
  readonly text: string;
  /** The check is older than it should be. */
  readonly stale: boolean;
}

/** Puts a connection's health into words. @param now milliseconds since the epoch */
export function healthWords({ health }: Connection, now: number): HealthWords {
  const { state, checked_at, milliseconds } = health;
  if (checked_at === undefined) {
    return {
      state,
      text: state === "unknown" ? "not checked: Mayfly has no probe for it, or has just begun" : "",
      stale: false,
    };
  }
  const at = Date.parse(checked_at);
  const took =
    milliseconds === undefined || state !== "up"
      ? ""
      : `answered in ${Math.max(1, Math.round(milliseconds))} ms, `;
  return { state, text: `${took}checked ${agoText(at, now)}`, stale: now - at > staleAfter };
}

const order = { down: 0, unknown: 1, up: 2 } as const;

/** What needs somebody first: down, then unknown, then up; by name among equals. */
export function byNeed(connections: readonly Connection[]): readonly Connection[] {
  return connections.toSorted(
    (a, b) =>
      order[a.health.state] - order[b.health.state] || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
}

/** One sentence over all of them. */
export function overview(connections: readonly Connection[]): string {
  const count = (state: Connection["health"]["state"]): number =>
    connections.filter(({ health }) => health.state === state).length;
  const parts = [
    ...(count("down") === 0 ? [] : [`${count("down")} down`]),
    ...(count("unknown") === 0 ? [] : [`${count("unknown")} unknown`]),
    ...(count("up") === 0 ? [] : [`${count("up")} up`]),
  ];
  const all = connections.length;
  return `${all} ${all === 1 ? "connection" : "connections"}: ${parts.join(", ")}`;
}
