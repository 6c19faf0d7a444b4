/** What Kubernetes makes random suffixes of (k8s.io/apimachinery, util/rand): no vowels, and nothing that looks like one. */
const SAFE = "[bcdfghjklmnpqrstvwxz2456789]";

/** What stands at the end of names that a controller made up, each with what stands for it. */
const endings: readonly (readonly [RegExp, string])[] = [
  // A Deployment's pod: the ReplicaSet's hash and a suffix. A CronJob's: minutes since the epoch and a suffix.
  [new RegExp(`^(.*[^-])-(?:${SAFE}{6,10}|\\d{8})-${SAFE}{5}$`, "u"), "-*-*"],
  // A pod of a Job, a DaemonSet or a ReplicaSet, and whatever has a generateName.
  [new RegExp(`^(.*[^-])-${SAFE}{5}$`, "u"), "-*"],
  // A ReplicaSet, and a Job of a CronJob.
  [new RegExp(`^(.*[^-])-(?:${SAFE}{8,10}|\\d{8})$`, "u"), "-*"],
  // An event: what it is about, and when it was made, hexadecimal.
  [/^(.+)\.[0-9a-f]{14,16}$/u, ".*"],
];

/** What varies within a name that somebody made up: dates, UUIDs, hexadecimal, numbers of four digits and more. */
const varying =
  /(?<![A-Za-z0-9])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d{2}-\d{2}|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,64}|\d{4,})(?![A-Za-z0-9])/gu;

/** The most characters of a name that are looked at: longer ones are none (RFC 1123, and RBAC's). */
const MAX_NAME = 253;

/**
 * The pattern that takes a name and those that were made as it was, `*` for what a controller or a clock made up of it; the
 * name itself, where that is nothing, or where nothing fixed would stand before.
 */
export function patternOf(name: string): string {
  if (name.length > MAX_NAME) return name;
  let pattern = name;
  for (const [ending, stars] of endings) {
    const base = ending.exec(name)?.[1];
    // `proxy-2456789` is made up by nobody else; a word of five such letters may be.
    if (base === undefined) continue;
    pattern = `${base.replaceAll(varying, "*")}${stars}`;
    break;
  }
  if (pattern === name) pattern = name.replaceAll(varying, "*");
  return /^[A-Za-z]/u.test(pattern) ? pattern : name;
}

/** What a pattern is about: `web-*-*` is about `web`. */
export const baseOf = (pattern: string): string => pattern.split(/[-.:]?\*/u, 1)[0] ?? "";

/** Names beyond which any may pass where new ones keep coming, and beyond which any may pass at all. */
const FEW = 20;
const MANY = 200;

/**
 * Which names an operation lists; undefined: any may pass. Where there are 20 or more, it goes by how likely the next one is new:
 * the share of those that were seen once (Good–Turing).
 * @param counts how often each pattern was seen
 */
export function listedNames(counts: ReadonlyMap<string, number>): readonly string[] | undefined {
  const all = [...counts.values()].reduce((sum, each) => sum + each, 0);
  const once = [...counts.values()].filter((each) => each === 1).length;
  if (counts.size > MANY || (counts.size >= FEW && once * 100 >= all)) return undefined;
  return [...counts.keys()].toSorted();
}
