/** A function's place in a CPU profile, as V8 writes it. */
export interface ProfileNode {
  readonly id: number;
  /** Nodes of what this one called. */
  readonly children?: readonly number[];
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** A CPU profile of V8 (Chrome DevTools Protocol, `Profiler.Profile`), as far as it is read here. */
export interface Profile {
  readonly nodes: readonly ProfileNode[];
  /** The node that was on top at each sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** What a function took itself, without those it called. */
export interface SelfTime {
  readonly room: string;
  readonly name: string;
  /** File and line; of native code the file of the gateway's for which it ran; empty for what has neither. */
  readonly place: string;
  readonly us: number;
}

const SOURCES = /packages\/gateway\/(?:src|dist)\/(.+)$/;
const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const WORKSPACE = /packages\/([^/]+)\//;

/** Where a file belongs: the gateway's room, a package, or Node's own module. */
export function roomOf(url: string): string {
  if (url === "") return "native code";
  if (url.startsWith("node:")) return url.split("/").slice(0, 2).join("/");
  const source = SOURCES.exec(url)?.[1];
  if (source !== undefined) return source.split("/").slice(0, -1).join("/") || "main";
  return PACKAGE.exec(url)?.[1] ?? WORKSPACE.exec(url)?.[1] ?? "other";
}

/** Waiting is no work. */
const IDLE = "(idle)";

/** What V8 itself does, for no caller: `(program)`, `(garbage collector)`. */
const isOfEngine = (name: string): boolean => name.startsWith("(");

const lastPart = (url: string): string => url.split("/").at(-1) ?? "";

/** The self time of every function, most first, idle time left out. Places of one function are added up. */
export function selfTimes({ nodes, samples, timeDeltas }: Profile): readonly SelfTime[] {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  /** The gateway's file that called it, through whatever was between. */
  const callerOf = (id: number): string => {
    for (let at = parents.get(id); at !== undefined; at = parents.get(at)) {
      const url = known.get(at)?.callFrame.url ?? "";
      if (SOURCES.test(url)) return `for ${lastPart(url)}`;
    }
    return "";
  };
  const timeOf = new Map<number, number>();
  // A delta stands before its sample: what a function took shows in the one that follows.
  for (const [at, id] of samples.entries()) timeOf.set(id, (timeOf.get(id) ?? 0) + (timeDeltas[at + 1] ?? 0));
  const times = new Map<string, SelfTime>();
  for (const [id, us] of timeOf) {
    const frame = known.get(id)?.callFrame;
    if (frame === undefined || frame.functionName === IDLE) continue;
    const { functionName, url, lineNumber } = frame;
    const native = isOfEngine(functionName) ? "" : callerOf(id);
    const place = url === "" ? native : `${lastPart(url)}:${lineNumber + 1}`;
    const key = `${functionName} ${url}:${lineNumber} ${url === "" ? place : ""}`;
    const before = times.get(key)?.us ?? 0;
    times.set(key, { room: roomOf(url), name: functionName || "(anonymous)", place, us: before + us });
  }
  return [...times.values()].toSorted((a, b) => b.us - a.us);
}

export interface Room {
  readonly name: string;
  /** Of all its functions, microseconds. */
  readonly us: number;
  /** Those of its functions that are among the most expensive of all. */
  readonly functions: readonly SelfTime[];
}

/** The most expensive functions by room, rooms with most time first; rooms without such a function are left out. */
export function byRoom(times: readonly SelfTime[], count: number): readonly Room[] {
  const shown = times.slice(0, count);
  return [...new Set(shown.map(({ room }) => room))]
    .map((name) => ({
      name,
      us: times.filter(({ room }) => room === name).reduce((sum, { us }) => sum + us, 0),
      functions: shown.filter(({ room }) => room === name),
    }))
    .toSorted((a, b) => b.us - a.us);
}

/** A place in the program with what it allocated, as heap profiles have it (Chrome DevTools Protocol, `HeapProfiler`). */
export interface Allocations {
  readonly callFrame: ProfileNode["callFrame"];
  /** Bytes. */
  readonly selfSize: number;
  readonly children: readonly Allocations[];
}

/** So many callers tell where something was allocated. */
const SHOWN_CALLERS = 3;

/** What was allocated, by its place and who called that, most first. */
export function allocated(
  node: Allocations,
  callers: readonly string[] = [],
): readonly { readonly bytes: number; readonly place: string }[] {
  const { functionName, url, lineNumber } = node.callFrame;
  const own = `${functionName || "(anonymous)"}${url === "" ? "" : ` ${lastPart(url)}:${lineNumber + 1}`}`;
  const place = [own, ...callers].slice(0, 1 + SHOWN_CALLERS);
  const mine = node.selfSize > 0 ? [{ bytes: node.selfSize, place: place.join(" < ") }] : [];
  return [...mine, ...node.children.flatMap((child) => allocated(child, place))].toSorted(
    (a, b) => b.bytes - a.bytes,
  );
}
