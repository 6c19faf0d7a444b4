import { folded, isObject, type JsonObject, type Path } from "../write/objects.ts";
import { baseline, type Control, profileAnnotations, unset } from "./baseline.ts";

/** Something in an object that a grant never writes. */
export interface Finding {
  readonly path: Path;
  /** What it is and why it is refused, in words; no value. */
  readonly why: string;
  /**
   * What excuses it, where the object had it before: `pod`, that all of the pod it is of stays as it was, since whoever
   * changes a pod's program has its rights; `itself`, that it alone does.
   */
  readonly excuse: "pod" | "itself";
}

/** What is refused beyond the standard: rights and credentials that it leaves to others. */
const beyond: readonly (Control & { readonly excuse: Finding["excuse"] })[] = [
  {
    name: "ephemeral containers",
    member: "ephemeralContainers",
    allows: (value) => unset(value) || (Array.isArray(value) && value.length === 0),
    excuse: "pod",
  },
  { name: "a token's projection", member: "serviceAccountToken", allows: unset, excuse: "pod" },
  { name: "a trust bundle's projection", member: "clusterTrustBundle", allows: unset, excuse: "pod" },
  { name: "a certificate's projection", member: "podCertificate", allows: unset, excuse: "pod" },
  {
    name: "more rights than the parent",
    member: "allowPrivilegeEscalation",
    allows: unset,
    excuse: "itself",
  },
  { name: "the node's users", member: "hostUsers", allows: unset, excuse: "itself" },
];

const restricted = new Map<
  string,
  (Control & { readonly why: string; readonly excuse: Finding["excuse"] })[]
>();
const register = (control: Control, why: string, excuse: Finding["excuse"]): void => {
  const name = folded(control.member);
  restricted.set(name, [...(restricted.get(name) ?? []), { ...control, why, excuse }]);
};
for (const control of baseline)
  register(control, `the Pod Security Standards' baseline forbids it (${control.name})`, "pod");
for (const control of beyond)
  register(control, `${control.name}: it is never written through a grant`, control.excuse);

/** What holds anybody's words, whatever they are called. */
const words: ReadonlySet<string> = new Set(["annotations", "binaryData", "data", "labels", "stringData"]);
/** Lists of a pod's containers. */
const lists: ReadonlySet<string> = new Set(["containers", "initContainers", "ephemeralContainers"]);

/** Whether a value is a word of somebody's: a text where texts are kept. Of any other value it is a kind's own member. */
export function isWord(value: unknown, inside: string | undefined): boolean {
  return typeof value === "string" && inside !== undefined && words.has(inside);
}

/** Everything in an object that the standard, or a rule beyond it, refuses. */
export function findingsIn(object: unknown): readonly Finding[] {
  const findings: Finding[] = [];
  const path: (string | number)[] = [];
  const walk = (value: unknown, inside: string | undefined, pod: JsonObject | undefined): void => {
    if (Array.isArray(value)) {
      for (const [at, each] of value.entries()) {
        path.push(at);
        walk(each, inside, pod);
        path.pop();
      }
      return;
    }
    if (!isObject(value)) return;
    for (const [name, each] of Object.entries(value)) {
      path.push(name);
      const problems = problemsOf(name, each, inside, pod);
      for (const { why, excuse } of problems)
        findings.push({ path: [...path], why, excuse: excuseOf(each, excuse) });
      // What is refused whole is not looked into. A pod is what has containers, seen from within them: what else is called so
      // may be dropped by the cluster.
      if (problems.length === 0) walk(each, name, lists.has(name) ? value : pod);
      path.pop();
    }
  };
  walk(object, undefined, undefined);
  return findings;
}

/** What excuses a value: one that holds others is not known by itself. */
export function excuseOf(value: unknown, excuse: Finding["excuse"]): Finding["excuse"] {
  return typeof value === "object" ? "pod" : excuse;
}

/** What a member says that it may not. */
function problemsOf(
  name: string,
  value: unknown,
  inside: string | undefined,
  pod: JsonObject | undefined,
): readonly Omit<Finding, "path">[] {
  const problems: Omit<Finding, "path">[] = [];
  for (const annotation of profileAnnotations)
    if (annotation.name.test(name) && !annotation.allows(value))
      problems.push({
        why: `${name.slice(0, 120)}: the Pod Security Standards' baseline forbids this profile`,
        excuse: "pod",
      });
  if (isWord(value, inside)) return problems;
  for (const control of restricted.get(folded(name)) ?? [])
    if (isInside(control, inside) && !control.allows(value, pod))
      problems.push({ why: `${name}: ${control.why}`, excuse: control.excuse });
  return problems;
}

function isInside({ inside }: Control, name: string | undefined): boolean {
  if (inside === undefined) return true;
  return [inside].flat().some((each) => folded(each) === folded(name ?? ""));
}
