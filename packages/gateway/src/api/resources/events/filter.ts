import { pause } from "../../../kernel/pause.ts";
import { setImmediate } from "node:timers/promises";
import type { AuditRecord } from "../../../audit/records.ts";
import type { Grants } from "../../../grants/grants.ts";
import type { Principal } from "../../../identity/principal.ts";
import { type Clock, systemClock } from "../../../kernel/clock.ts";
import { MayflyError } from "../../../kernel/errors.ts";
import { isOwn } from "../../contract/views.ts";

/** What one viewer gets of the log as it is written. */
export interface EventFilter {
  /** Whether records of this type can concern the viewer at all. */
  wanted(type: string): boolean;
  /** The record as the viewer may see it; undefined when they may not. */
  view(record: AuditRecord): Promise<AuditRecord | undefined>;
  /** The viewer as they are now: other roles or groups show other records. */
  become(viewer: Principal): void;
}

const kindOf = (type: string): string => type.slice(0, type.indexOf("."));

/** Of a request that a reviewer may see. */
const reviewed: ReadonlySet<string> = new Set(["request", "approval", "break_glass"]);
/** Of one's own request. No acts: who sent them knows, and they are by far the most. */
const own: ReadonlySet<string> = new Set([...reviewed, "grant", "session"]);

/** Members of `detail` that whoever sees a request may see of its records. */
const shown: readonly string[] = ["reason", "reasons", "ttl_ms", "digest", "waits_until", "comment"];

/** Records of these types name the requester as their principal. */
const byRequester: ReadonlySet<string> = new Set(["request.created", "request.denied"]);

/** How long after its record a request may still be on its way into the store, and how often to look, milliseconds. */
const settled = 3000;
const again = 200;

/** Requests remembered a stream. */
const remembered = 2000;

function seesAll(viewer: Principal): boolean {
  return viewer.kind === "person" && viewer.roles.some((role) => role === "operator" || role === "auditor");
}

function narrowed(record: AuditRecord): AuditRecord {
  const { configuration: _, ...rest } = record;
  return {
    ...rest,
    detail: Object.fromEntries(Object.entries(record.detail).filter(([name]) => shown.includes(name))),
  };
}

/**
 * Makes the filter of one viewer. Operators and auditors see everything. A reviewer sees how requests go that they
 * may see, or could while the stream was open, so that they learn when one is no longer theirs to decide; everybody
 * sees how their own go, and the lock-down. Nobody else's statements are shown to anyone but operators and auditors.
 */
export function eventFilter(
  grants: Pick<Grants, "find" | "reviewsEmergenciesOf">,
  first: Principal,
  clock: Clock = systemClock,
): EventFilter {
  let viewer = first;
  let known = new Map<string, "own" | "seen" | "hidden">();

  async function relationTo(request: string, record: AuditRecord): Promise<"own" | "seen" | "hidden"> {
    const before = known.get(request);
    if (before !== undefined) return before;
    const found = isOfAnother(record) ? "hidden" : await lookUpSoon(request, record);
    if (known.size >= remembered) known = new Map();
    known.set(request, found);
    return found;
  }

  /**
   * Whether the record itself tells that the viewer may not see its request. Whoever is no reviewer sees their own
   * alone, and asking the store about everybody else's would let anyone who reads far back occupy it.
   */
  function isOfAnother({ type, principal }: AuditRecord): boolean {
    if (viewer.roles.length > 0 || principal === undefined || !byRequester.has(type)) return false;
    const { kind, issuer, subject } = viewer;
    return principal.kind !== kind || principal.issuer !== issuer || principal.subject !== subject;
  }

  /**
   * A request is recorded before it is stored: one that was asked a moment ago, and that the viewer will see once it is
   * there, is looked for until it is. Of all others the answer stays the same, and waiting for them would hold up the
   * viewer's stream.
   */
  async function lookUpSoon(request: string, record: AuditRecord): Promise<"own" | "seen" | "hidden"> {
    const { time, type } = record;
    const comes = type === "request.created" && mayComeToSee(record);
    for (;;) {
      const found = await lookUp(request);
      if (found !== "hidden" || !comes || clock.wall() - Date.parse(time) > settled) return found;
      await pause(clock, again);
    }
  }

  /** Whether what was asked waits, is the viewer's own, or is an emergency that their groups review. */
  function mayComeToSee({ detail, principal, connection, operations }: AuditRecord): boolean {
    if (principal?.issuer === viewer.issuer && principal.subject === viewer.subject) return true;
    if (detail["waits_until"] !== undefined) return true;
    return (
      detail["break_glass"] === true &&
      connection !== undefined &&
      operations !== undefined &&
      grants.reviewsEmergenciesOf(viewer, { connection, operations })
    );
  }

  async function lookUp(request: string): Promise<"own" | "seen" | "hidden"> {
    try {
      // SQLite answers on this very thread, which has sessions to serve between one look and the next.
      await setImmediate();
      const { requester } = await grants.find(viewer, request);
      return isOwn(requester, viewer) ? "own" : "seen";
    } catch (error) {
      if (error instanceof MayflyError && (error.status === 404 || error.status === 403)) return "hidden";
      throw error;
    }
  }

  return {
    wanted(type) {
      if (seesAll(viewer)) return true;
      const kind = kindOf(type);
      return kind === "lockdown" || own.has(kind);
    },
    async view(record) {
      if (seesAll(viewer)) return record;
      const kind = kindOf(record.type);
      if (kind === "lockdown") return narrowed(record);
      if (record.request === undefined || !own.has(kind)) return undefined;
      const relation = await relationTo(record.request, record);
      // Who reviewed an emergency, and what they found, is for everybody who sees it but its requester.
      if (relation === "own" && record.type === "break_glass.reviewed") return undefined;
      if (relation === "own" || (relation === "seen" && reviewed.has(kind))) return narrowed(record);
      return undefined;
    },
    become(next) {
      const same =
        next.roles.join() === viewer.roles.join() && next.groups.join("\n") === viewer.groups.join("\n");
      viewer = next;
      // What was hidden may be seen now, and what was seen may be hidden.
      if (!same) known = new Map();
    },
  };
}
