import { type Objection, notGranted } from "../../../gate/hints.ts";
import { LAST_APPLIED } from "../mask.ts";
import { isObject, member } from "./objects.ts";
import type { Write } from "./write.ts";

/** Why a write could tell what is masked. */
const tells = (what: string): Objection =>
  notGranted(
    `${what} is masked, and is there: what is written over it would tell whether it was the same. Take it away first, in a write of its own, and then set it`,
  );

/**
 * Why a write could tell what its scope masks, or undefined. A cluster tells by its answer whether a value that is written
 * differs from the one that is there: the object's version and generation move or not, its managers change, a member that
 * may not change is refused, an apply meets a conflict. So a write takes a masked value away, or sets one where none is.
 * @param masked names of members
 */
export function judgeMasked(write: Write, masked: readonly string[]): Objection | undefined {
  if (write.compares && write.said.length > 0)
    return notGranted("a patch that copies, moves or tests could tell what is masked");
  const names = new Set(masked);
  // What is written as text becomes data, encoded.
  if (names.has("data")) names.add("stringData");
  if (names.has("stringData")) names.add("data");
  // A server-side apply compares with what others manage, also what it would set for the first time.
  const before = write.kind === "object" && !write.isApply ? write.before : undefined;
  for (const each of write.said) {
    const problem = judgeSaid(each, names, before, true);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function judgeSaid(
  said: unknown,
  names: ReadonlySet<string>,
  before: unknown,
  isTop: boolean,
): Objection | undefined {
  if (Array.isArray(said)) {
    for (const each of said) {
      const problem = judgeSaid(each, names, before, false);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (!isObject(said)) return undefined;
  for (const [name, value] of Object.entries(said)) {
    if (value === null) continue;
    const problem =
      name === LAST_APPLIED
        ? judgeCopy(before)
        : names.has(aboutOf(name))
          ? judgeMember(name, value, before, isTop)
          : judgeSaid(value, names, before, false);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The member that a directive of a strategic merge patch is about, as `$deleteFromPrimitiveList/finalizers`. */
function aboutOf(name: string): string {
  return name.startsWith("$") ? name.slice(name.indexOf("/") + 1) : name;
}

/** The annotation that holds a copy of the whole object. */
function judgeCopy(before: unknown): Objection | undefined {
  const annotations = member(member(before, "metadata"), "annotations");
  return before !== undefined && member(annotations, LAST_APPLIED) === undefined
    ? undefined
    : tells("the copy of the object that kubectl apply keeps");
}

/** A member of the object itself may set keys that are not there, and take away those that are. */
function judgeMember(name: string, value: unknown, before: unknown, isTop: boolean): Objection | undefined {
  if (!isTop || before === undefined || !isObject(value) || name.startsWith("$")) return tells(aboutOf(name));
  const places = name === "stringData" ? ["data", "stringData"] : [name];
  for (const [key, each] of Object.entries(value)) {
    if (each === null) continue;
    if (key.startsWith("$") || places.some((place) => member(member(before, place), key) !== undefined))
      return tells(`${name}.${key.slice(0, 60)}`);
  }
  return undefined;
}
