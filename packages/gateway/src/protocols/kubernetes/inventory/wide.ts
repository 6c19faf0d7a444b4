import type { Candidate } from "./candidate.ts";
import { NOT_COMPARED } from "./command-reasons.ts";
import type { Left } from "./items.ts";
import { judgeSeen } from "./judge-seen.ts";
import { loadedScope } from "./need.ts";
import { readSeen, type SeenRequest } from "./seen-request.ts";

/** How many times a request is held against an operation, or against one of its commands, at the most: some seconds. */
const MAX_ASKED = 500_000;

const WIDE = "it would let through what is set apart: a pattern takes more than was seen";

/**
 * Sets apart what would let through a request that is set apart, and what does not cover all that it is made of: every operation
 * is held against the judge that rules at run time.
 */
export function withoutWide(candidates: readonly Candidate[], left: Left[]): readonly Candidate[] {
  const refused = left.flatMap(({ seen, isHarmless }) => (isHarmless === true ? [] : [readSeen(seen.act)]));
  const commands = refused.filter(runsCommand).length;
  let asked = 0;
  return candidates.filter((candidate) => {
    const scope = loadedScope(candidate.scope);
    const permits = (seen: SeenRequest): boolean =>
      scope !== undefined && judgeSeen([{ name: "c/o", scope }], seen).kind === "permit";
    const letsThrough = (): string | undefined => {
      const isExact =
        candidate.names?.every((name) => !name.includes("*")) === true && candidate.kind !== "run";
      if (isExact) return undefined;
      asked += refused.length + commands * (scope?.exec?.commands.length ?? 0);
      if (asked > MAX_ASKED) return NOT_COMPARED;
      return refused.some(permits) ? WIDE : undefined;
    };
    const reason =
      scope === undefined || !candidate.items.every(({ seen }) => permits(readSeen(seen.act)))
        ? "no operation says it as it was done"
        : letsThrough();
    if (reason === undefined) return true;
    for (const { seen, need } of candidate.items) left.push({ reason, seen, need });
    return false;
  });
}

const runsCommand = ({ act: { request } }: SeenRequest): boolean =>
  !("why" in request) && request.kind === "resource" && request.exec !== undefined;
