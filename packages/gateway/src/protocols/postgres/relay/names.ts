/**
 * Names that a client gives to things on the server (statements, portals), tracked while answers are still under
 * way. A name has a certain meaning when nothing sent earlier can still change it; otherwise the client's next use
 * of it has to wait for the answers, since a record must say what really ran.
 *
 * Within one segment (up to a Sync) the latest meaning holds: were it refused by the server, the server would
 * discard the use too (manual, "Extended Query": after an error everything up to Sync is discarded).
 */
export interface Names<Thing> {
  /** What a name means for the client's next message. */
  lookup(name: string): Thing | "unknown" | "unsettled";
  /** A message that gives (or with undefined takes) a name was accepted for the server. */
  begin(name: string, thing: Thing | undefined): void;
  /** Its answer came. `done` is false when the server refused or discarded it. */
  settle(name: string, thing: Thing | undefined, done: boolean): void;
  /** The client sent Sync. */
  endSegment(): void;
  /** The server dropped one. */
  forget(name: string): void;
  /** The server dropped them all. */
  clear(): void;
  /** How many names are held, under way included. */
  readonly size: number;
  /** What the settled things weigh together, and those of the segment: a segment's are held until it ends. */
  readonly weight: number;
}

/** @param weigh what one thing holds of memory, in bytes */
export function createNames<Thing extends object>(weigh: (thing: Thing) => number): Names<Thing> {
  const weightOf = (thing: Thing | undefined): number => (thing === undefined ? 0 : weigh(thing));
  let weight = 0;
  let segmentWeight = 0;
  const settled = new Map<string, Thing>();
  const segment = new Map<string, Thing | undefined>();
  const underWay = new Map<string, number>();
  // What has no name is given anew with every query: it goes without the maps, and by the same rules.
  let unnamed: Thing | undefined;
  let unnamedOfSegment: Thing | undefined;
  let isUnnamedOfSegment = false;
  let unnamedUnderWay = 0;
  return {
    get size() {
      const ofSegment = segment.size + (isUnnamedOfSegment ? 1 : 0);
      const waiting = underWay.size + (unnamedUnderWay > 0 ? 1 : 0);
      return settled.size + (unnamed === undefined ? 0 : 1) + Math.max(waiting, ofSegment);
    },
    get weight() {
      return weight + segmentWeight;
    },
    lookup(name) {
      if (name === "") {
        if (isUnnamedOfSegment) return unnamedOfSegment ?? "unknown";
        return unnamedUnderWay > 0 ? "unsettled" : (unnamed ?? "unknown");
      }
      if (segment.size > 0 && segment.has(name)) return segment.get(name) ?? "unknown";
      if (underWay.size > 0 && underWay.has(name)) return "unsettled";
      return settled.get(name) ?? "unknown";
    },
    begin(name, thing) {
      if (name === "") {
        segmentWeight += weightOf(thing) - weightOf(unnamedOfSegment);
        unnamedOfSegment = thing;
        isUnnamedOfSegment = true;
        unnamedUnderWay += 1;
        return;
      }
      segmentWeight += weightOf(thing) - weightOf(segment.get(name));
      segment.set(name, thing);
      underWay.set(name, (underWay.get(name) ?? 0) + 1);
    },
    settle(name, thing, done) {
      if (name === "") {
        if (unnamedUnderWay > 0) unnamedUnderWay -= 1;
        if (!done) return;
        weight += weightOf(thing) - weightOf(unnamed);
        unnamed = thing;
        return;
      }
      const left = (underWay.get(name) ?? 1) - 1;
      if (left === 0) underWay.delete(name);
      else underWay.set(name, left);
      if (!done) return;
      // Weighed once it is settled, whatever was begun: PREPARE begins a name without its statement.
      weight += weightOf(thing) - weightOf(settled.get(name));
      if (thing === undefined) settled.delete(name);
      else settled.set(name, thing);
    },
    endSegment() {
      segmentWeight = 0;
      isUnnamedOfSegment = false;
      unnamedOfSegment = undefined;
      if (segment.size > 0) segment.clear();
    },
    forget(name) {
      if (name === "") {
        weight -= weightOf(unnamed);
        unnamed = undefined;
        return;
      }
      weight -= weightOf(settled.get(name));
      settled.delete(name);
    },
    clear() {
      weight = 0;
      unnamed = undefined;
      if (settled.size > 0) settled.clear();
    },
  };
}
