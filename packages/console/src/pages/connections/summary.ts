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
      text: state === "unknown" ? "not checked yet" : "",
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

/** Protocols as people call them. */
const protocolNames: Readonly<Record<string, string>> = {
  postgres: "PostgreSQL",
  http: "HTTP API",
  kubernetes: "Kubernetes",
  mcp: "MCP server",
};

/** What a protocol is called; one that has no other name here by its own. */
export function protocolName(protocol: string): string {
  return protocolNames[protocol] ?? protocol;
}

/** What is wrong, in a sentence: why a target is down, or that nobody may say. Undefined where nothing is. */
export function wrongWords({ health }: Connection): string | undefined {
  if (health.state !== "down") return undefined;
  const why = health.detail;
  return why === undefined
    ? "Down. An operator can see why."
    : `Down: ${why}${/[.!?]$/.test(why) ? "" : "."}`;
}

/** The connections that fit: words in name, address and protocol, and a state. */
export function fittingConnections(
  connections: readonly Connection[],
  { text = "", state }: { readonly text?: string; readonly state?: Connection["health"]["state"] },
): readonly Connection[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return connections.filter(({ name, address, protocol, health, operations }) => {
    if (state !== undefined && health.state !== state) return false;
    const all = [name, address, protocol, protocolName(protocol), ...operations.map((one) => one.name)]
      .join("\n")
      .toLowerCase();
    return words.every((word) => all.includes(word));
  });
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
