import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkpointEntries, verifierKeysFile } from "@mayfly/audit-verifier";
import { placeOf } from "../../audit/leaving/bucket.ts";
import { requireOwnArchive } from "../../audit/retention/archive-folder.ts";
import { holdsInForce, type Hold, type HoldOn } from "../../audit/retention/holds.ts";
import { factsKeeper, holdLines, type KnownFacts } from "../../audit/retention/known-facts.ts";
import { planDrops, type Due } from "../../audit/retention/plan.ts";
import { heldIn, isBegun } from "../../audit/retention/prepare.ts";
import { requireArchived } from "../../audit/retention/proving.ts";
import { readSent } from "../../audit/retention/sent.ts";
import type { Configuration, RetentionConfiguration } from "../../configuration/types.ts";
import { formatByteSize } from "../../kernel/byte-sizes.ts";
import { formatDuration } from "../../kernel/durations.ts";
import { messageOf } from "../../kernel/errors.ts";
import { destinationsOf, type KnownDestination } from "./known-destinations.ts";

/** What `mayflyd retention --dry-run` says of one log, by its files alone: neither a bucket nor a destination is asked. */
export async function dryRunLines(configuration: Configuration): Promise<readonly string[]> {
  const { audit, dataFolder } = configuration;
  const known = factsKeeper(audit.folder, false).look();
  const holds = holdsInForce(holdLines(known));
  const destinations = await destinationsOf(configuration.export, {
    folder: join(dataFolder, "exports"),
    log: readFileSync(join(audit.folder, verifierKeysFile), "utf8").split("\n")[0] ?? "",
    files: [...known.full, known.live],
    end: known.live.first + known.live.count,
  });
  return [
    ...wholeLog(audit.name, known),
    ...(audit.retention === undefined
      ? ["nothing goes: the configuration has no audit.retention"]
      : rulesLines(audit, audit.retention, { known, holds, destinations })),
    ...holds.map(({ id, on }) => `hold ${id}: ${holdWords(on)}`),
    ...destinations.map(({ name, next, waiting }) =>
      waiting === 0
        ? `destination ${name}: has everything`
        : `destination ${name}: lacks ${waiting} ${waiting === 1 ? "record" : "records"}, from ${next} on`,
    ),
  ];
}

/** What a hold is on. */
export function holdWords(on: HoldOn): string {
  return Object.entries(on)
    .map(([what, value]) => `${what} ${value}`)
    .join();
}

function wholeLog(name: string, { full, live, stubs }: KnownFacts): readonly string[] {
  const files = [...full, live];
  const present = new Set(files.map(({ first }) => first));
  const gone = stubs.filter(({ first }) => !present.has(first));
  const sum = (of: readonly { readonly bytes: number }[]): string =>
    formatByteSize(of.reduce((total, { bytes }) => total + bytes, 0));
  const records = (of: readonly { readonly count: number }[]): number =>
    of.reduce((total, { count }) => total + count, 0);
  return [
    `log ${name}: ${records(files)} records in ${files.length} files, ${sum(files)}, from ${files[0]?.from} to ${live.to}`,
    ...(gone.length === 0
      ? []
      : [`archived and dropped so far: ${records(gone)} records, ${gone.length} files, ${sum(gone)}`]),
  ];
}

/** What is known without asking anybody. */
interface Looked {
  readonly known: KnownFacts;
  readonly holds: readonly Hold[];
  readonly destinations: readonly KnownDestination[];
}

function rulesLines(
  { folder, name }: Configuration["audit"],
  retention: RetentionConfiguration,
  looked: Looked,
): readonly string[] {
  const { known } = looked;
  const archive = archiveOf(retention, { folder, name, known });
  let covered = 0;
  for (const { note, ended } of checkpointEntries(folder)) if (ended) covered = Number(note.split("\n")[1]);
  const due = planDrops(known.full, known.live, retention, Infinity);
  const lines = due.map((each) => {
    const { first, count, bytes, from, to } = each.facts;
    const what = `records ${first} to ${first + count - 1}, ${formatByteSize(bytes)}, from ${from} to ${to}`;
    const held = heldBackBy(each, { folder, covered }, looked);
    if (held !== undefined) return `would stay (${held}): ${what}`;
    const why = [whyWords(each.why, retention), ...lackedWords(each, looked.destinations)].join("; ");
    return `${archive.problem === undefined ? "would go" : "is due"} (${why}): ${what}`;
  });
  return [
    archive.place,
    ...(archive.problem === undefined ? [] : [`nothing goes: ${archive.problem}`]),
    ...(lines.length === 0 ? [`nothing is due: ${rulesWords(retention)}`] : lines),
  ];
}

/** Where what goes is archived, and what keeps it from being. */
function archiveOf(
  { archive, bucket }: RetentionConfiguration,
  { folder, name, known }: { readonly folder: string; readonly name: string; readonly known: KnownFacts },
): { readonly place: string; readonly problem?: string } {
  const place = `archive: ${archive}${bucket === undefined ? "" : `, and from there ${placeOf(bucket)}${name}/`}`;
  try {
    requireOwnArchive(archive, folder, isBegun(folder, known));
    requireArchived(archive, folder, known);
    const sent = readSent(archive);
    if (bucket === undefined || sent.place === undefined) return { place };
    const { size } = sent.files;
    const files = `${size} ${size === 1 ? "file was" : "files were"} sent`;
    return {
      place:
        sent.place === placeOf(bucket)
          ? `${place} (${files})`
          : `${place} (${files} to ${sent.place}: nothing goes until all of them are in the new place)`,
    };
  } catch (error) {
    return { place, problem: messageOf(error) };
  }
}

/** What keeps a file that is due in the log; undefined: nothing that can be known here. */
function heldBackBy(
  { facts: { first, count } }: Due,
  { folder, covered }: { readonly folder: string; readonly covered: number },
  { known, holds, destinations }: Looked,
): string | undefined {
  const hold = heldIn(folder, first, holds, known);
  if (hold !== undefined) return `held by ${hold}`;
  if (first + count > covered) return "no checkpoint covers it yet";
  const waiting = destinations.filter(({ from }) => first + count > from).map(({ name }) => name);
  if (waiting.length === 0) return undefined;
  return waiting.length === 1
    ? `destination ${waiting.join()} lacks records of it`
    : `destinations ${waiting.join(", ")} lack records of it`;
}

/** Who lacks records of a file that is kept for them no longer. */
function lackedWords({ facts }: Due, destinations: readonly KnownDestination[]): readonly string[] {
  return destinations
    .filter(({ next }) => facts.first + facts.count > next)
    .map(({ name }) => `destination ${name} lacks records of it, and is more than hold_back behind`);
}

const sizeWords = (bytes: number): string => `all files together more than ${formatByteSize(bytes)}`;

function whyWords(why: "age" | "size", { keep = 0, size = 0 }: RetentionConfiguration): string {
  return why === "age" ? `older than ${formatDuration(keep)}` : sizeWords(size);
}

function rulesWords({ keep, size }: RetentionConfiguration): string {
  return [
    ...(keep === undefined
      ? []
      : [`no file is older than ${formatDuration(keep)} by the records' own times`]),
    ...(size === undefined ? [] : [`all files together are less than ${formatByteSize(size)}`]),
  ].join(", ");
}
