import { call } from "@mayfly/testing/api.ts";
import type { Stage } from "./stage.ts";

/** What the gateway's process holds now, from its own metrics. */
export interface Gauges {
  readonly residentBytes: number;
  readonly openFiles: number;
  readonly sessions: number;
  /** What a place is counted for, by its kind. */
  readonly held: Readonly<Record<string, number>>;
}

/** Reads them. @throws Error when the gateway does not answer */
export async function gauges(stage: Pick<Stage, "gateway">): Promise<Gauges> {
  const { body } = await call(stage.gateway, undefined, "GET", "/metrics");
  const text = String(body);
  const one = (name: string): number =>
    Number(new RegExp(String.raw`^${name} (\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  const held = Object.fromEntries(
    [...text.matchAll(/^mayfly_held\{what="([^"]+)"\} (\S+)$/gm)].map(([, what = "", value]) => [
      what,
      Number(value),
    ]),
  );
  return {
    residentBytes: one("process_resident_memory_bytes"),
    openFiles: one("process_open_fds"),
    sessions: one("mayfly_sessions"),
    held,
  };
}
