import { resolve } from "node:path";
import * as z from "zod";
import { byteSize, GIB, MIB } from "../kernel/byte-sizes.ts";
import { duration } from "../kernel/durations.ts";
import { filePath, problemOfUrl } from "./fields.ts";
import { finding, type Finding } from "./findings.ts";
import { isInside } from "./folders.ts";
import { isMapping } from "./mappings.ts";
import { s3, s3SettingsOf } from "./s3.ts";
import { loadSecrets, problemOfCertificates, type Sources } from "./secrets.ts";
import type { RetentionConfiguration } from "./types.ts";

const hour = 3_600_000;
const day = 24 * hour;

/** How long, and how much of, the audit log is kept; what is older is archived. */
export const retention = z
  .strictObject({
    keep: duration(hour, 36_500 * day)
      .optional()
      .meta({ description: "By the records' own times: a file of records goes when its newest is older" }),
    size: byteSize(MIB, 1024 * 1024 * GIB)
      .optional()
      .meta({ description: "Of all files of records together: the oldest go until the rest fits" }),
    archive: z.strictObject({
      folder: filePath,
      s3: s3.optional().meta({
        description: "Where the archive goes on to; the folder then keeps its newest file and what proves",
      }),
    }),
  })
  .superRefine(({ keep, size }, context) => {
    if (keep === undefined && size === undefined)
      context.addIssue({
        code: "custom",
        message: "this says neither `keep` nor `size`: nothing would ever go",
      });
  });

const base = ["audit", "retention"];
const bucket = [...base, "archive", "s3"];

/** Checks what the schema cannot, and loads secrets. @param log the log's own folder, resolved */
export async function readRetention(
  written: z.output<typeof retention>,
  sources: Sources,
  log: string,
): Promise<{ retention?: RetentionConfiguration; findings: readonly Finding[] }> {
  const { keep, size, archive } = written;
  const findings = [...(await loadSecrets(written, base, sources))];
  const misplaced = archiveFinding(archive.folder, log, sources);
  if (misplaced !== undefined) findings.push(misplaced);
  // A file that could not be read already has its finding.
  const ca = findings.length > 0 ? undefined : archive.s3?.ca;
  const problem = ca && problemOfCertificates(ca.text());
  if (problem !== undefined) findings.push(finding("value", [...bucket, "ca"], problem));
  if (findings.length > 0) return { findings };
  return {
    retention: {
      ...(keep === undefined ? {} : { keep }),
      ...(size === undefined ? {} : { size }),
      archive: resolve(sources.folder, archive.folder),
      ...(archive.s3 === undefined ? {} : { bucket: s3SettingsOf(archive.s3) }),
    },
    findings,
  };
}

/** Checks the bucket's address as written, so that another error beside it does not hide its own. */
export function archiveUrlFindings(written: unknown): Finding[] {
  const of = (value: unknown, member: string): unknown => (isMapping(value) ? value[member] : undefined);
  const settings = of(of(of(written, "retention"), "archive"), "s3");
  const endpoint = of(settings, "endpoint");
  if (typeof endpoint !== "string" || endpoint === "") return [];
  const insecureLoopback = of(settings, "allow_insecure_loopback") === true;
  const problem = problemOfUrl(endpoint, { path: false, insecureLoopback });
  return problem === undefined
    ? []
    : [finding("value", [...bucket, "endpoint"], problem.message, problem.hint)];
}

/** By where both folders really are: what is archived must not be dropped with the log, nor the log with the archive. */
function archiveFinding(archive: string, log: string, { folder }: Sources): Finding | undefined {
  const path = resolve(folder, archive);
  const inLog = isInside(path, log);
  if (!inLog && !isInside(log, path)) return undefined;
  return finding(
    "value",
    ["audit", "retention", "archive", "folder"],
    inLog ? "the archive is inside the log's own folder" : "the log's own folder is inside the archive",
    "name a folder outside it, on another disk best",
  );
}
