import { statSync } from "node:fs";
import path from "node:path";
import { segmentsOf } from "@mayfly/audit-verifier";
import { recordReader } from "../audit/index/record-reader.ts";
import type { OpenedAuditLog } from "../audit/opened.ts";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/errors.ts";
import { Secret } from "../kernel/secret.ts";
import { createTurns } from "../kernel/turns.ts";
import type { ExportDestination, ExportSettings } from "../kernel/export-settings.ts";
import type { SessionTraces } from "../kernel/traceparent.ts";
import { createWay, isTraces } from "./create-way.ts";
import type { Exporter } from "./exporter.ts";
import { cursorFile } from "./cursor-file.ts";
import { filesFrom, heldFrom, type HeldFile } from "./held-from.ts";
import type { StreamNews } from "./progress.ts";
import { startStream, type ExportStatus, type ExportStream } from "./stream.ts";

/** The audit log's way out of the building. */
export interface Exports {
  readonly status: readonly ExportStatus[];
  /** What acts send upstream of their traces; undefined while no destination takes traces. */
  readonly traces: SessionTraces | undefined;
  /** Retention leaves files with a record of this number or a later one. */
  heldFrom(): number;
  /** Applies new settings; destinations that stay the same go on undisturbed. */
  adopt(settings: ExportSettings): Promise<void>;
  stop(): Promise<void>;
}

/** What exports are made of. */
export interface ExportParts {
  readonly settings: ExportSettings;
  readonly opened: Pick<OpenedAuditLog, "id" | "folder" | "dropped" | "synced" | "first">;
  /** Where it is kept how far each destination has got. */
  readonly folder: string;
  readonly exporter: Exporter;
  readonly clock: Clock;
  readonly tell: (destination: string, what: StreamNews) => void;
}

interface Running {
  readonly settings: ExportDestination;
  readonly stream: ExportStream;
  /** The last record that was given up for it, so that it is told once. */
  givenUp: number;
}

/**
 * One of Node's four threads for file systems, at most, waits for those of destinations: checkpoints that leave have two, and
 * the log's own writes must find one free.
 */
const MAX_FILE_CALLS = 1;

/** Starts to export, from where each destination stood. */
export async function startExports(parts: ExportParts): Promise<Exports> {
  const { opened, clock } = parts;
  const reader = recordReader(opened.folder, opened.synced, opened.dropped);
  const running = new Map<string, Running>();
  const way = { ...parts, reader, inTurn: createTurns(MAX_FILE_CALLS) };
  let { holdBack } = parts.settings;
  /** Bytes of the files that are complete, by their names. */
  let sizes: ReadonlyMap<string, number> = new Map();
  let last: Promise<void> = Promise.resolve();
  let isStopped = false;
  let traces: SessionTraces | undefined;

  async function start(settings: ExportDestination): Promise<void> {
    const { name } = settings;
    const cursor = cursorFile(parts.folder, name);
    const { destination, source, ...made } = await createWay(settings, way);
    traces ??= made.traces;
    const from = await firstOf(settings, cursor);
    const stream = startStream({
      name,
      destination,
      source,
      cursor,
      log: opened.id,
      from,
      clock,
      tell: (what) => parts.tell(name, what),
    });
    running.set(name, { settings, stream, givenUp: 0 });
  }

  /** The first record to send. */
  async function firstOf(
    { name, from }: ExportDestination,
    cursor: ReturnType<typeof cursorFile>,
  ): Promise<number> {
    try {
      const kept = await cursor.read(opened.id);
      if (kept !== undefined) return Math.min(kept, opened.synced());
    } catch (error) {
      // To send again is better than to leave out.
      parts.tell(name, { kind: "unkept", why: `${messageOf(error)}; it begins at the oldest record` });
      return 0;
    }
    const first = from === "now" ? opened.synced() : 0;
    try {
      await cursor.keep(opened.id, first);
    } catch (error) {
      parts.tell(name, { kind: "unkept", why: messageOf(error) });
    }
    return first;
  }

  async function apply(settings: ExportSettings): Promise<void> {
    if (isStopped) return;
    ({ holdBack } = settings);
    const stale = [...running].filter(
      ([, one]) => !settings.destinations.some((next) => isSame(next, one.settings)),
    );
    await Promise.all(stale.map(([, { stream }]) => stream.stop()));
    for (const [name] of stale) running.delete(name);
    for (const next of settings.destinations) if (!running.has(next.name)) await start(next);
    if (!settings.destinations.some(isTraces)) traces = undefined;
  }

  function inTurn(run: () => Promise<void>): Promise<void> {
    const turn = last.then(run);
    last = turn.catch(() => undefined);
    return turn;
  }

  /** The log's files, oldest first. Only the last one grows: the others are measured once. */
  function measure(): readonly HeldFile[] {
    const all = segmentsOf(opened.folder);
    const now = new Map<string, number>();
    const files = all.map(({ first, file }, at) => {
      const known = at === all.length - 1 ? undefined : sizes.get(file);
      const bytes = known ?? statSync(path.join(opened.folder, file), { throwIfNoEntry: false })?.size ?? 0;
      // It is the last one until there is another.
      if (at < all.length - 1) now.set(file, bytes);
      return { first, bytes };
    });
    sizes = now;
    return files;
  }

  await inTurn(() => apply(parts.settings));
  return {
    get traces() {
      return traces;
    },
    get status() {
      return [...running.values()].map(({ stream }) => stream.status);
    },
    heldFrom() {
      let least = Number.POSITIVE_INFINITY;
      const files = running.size === 0 ? [] : measure();
      for (const [name, one] of running) {
        const next = one.stream.kept;
        const held = heldFrom(next, filesFrom(files, next), holdBack);
        least = Math.min(least, held.from);
        if (held.givenUp === 0 || held.from <= one.givenUp) continue;
        one.givenUp = held.from;
        parts.tell(name, { kind: "given up", first: next, count: held.givenUp });
      }
      return least;
    },
    adopt: (settings) => inTurn(() => apply(settings)),
    async stop() {
      isStopped = true;
      await last;
      await Promise.all(Array.from(running.values(), ({ stream }) => stream.stop()));
    },
  };
}

function isSame(a: ExportDestination, b: ExportDestination): boolean {
  return JSON.stringify(factsOf(a)) === JSON.stringify(factsOf(b));
}

/** A destination with its secrets revealed, to be compared and kept nowhere. */
function factsOf(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (value instanceof Map) return [...value].map(factsOf);
  if (Array.isArray(value)) return value.map(factsOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([name, member]) => [name, factsOf(member)]);
}
