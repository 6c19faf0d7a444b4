import { validateHeaderName, validateHeaderValue } from "node:http";
import { resolve } from "node:path";
import { parseWitnessKey } from "@mayfly/audit-verifier";
import * as z from "zod";
import type { CheckpointDestination, CheckpointSettings } from "../kernel/checkpoint-settings.ts";
import { duration } from "../kernel/durations.ts";
import { messageOf } from "../kernel/errors.ts";
import { addIssue } from "../kernel/issue.ts";
import { secretSchema } from "../kernel/secret.ts";
import { filePath, namePattern, problemOfUrl, text } from "./fields.ts";
import { s3, s3SettingsOf, server } from "./s3.ts";
import { finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { isMapping } from "./mappings.ts";
import { isInside } from "./folders.ts";
import { loadSecrets, problemOfCertificates } from "./secrets.ts";
import type { Sources } from "./secrets.ts";

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;

const headerName = z.string().superRefine((name, context) => {
  try {
    validateHeaderName(name);
    if (!ownHeaders.has(name.toLowerCase())) return;
    context.addIssue({ code: "custom", message: "mayflyd sets this header itself" });
  } catch {
    context.addIssue({ code: "custom", message: "this cannot name a header" });
  }
});
/** What a delivery says of itself, and what frames it. */
const ownHeaders: ReadonlySet<string> = new Set([
  "content-type",
  "content-length",
  "transfer-encoding",
  "connection",
  "host",
  "user-agent",
  "mayfly-log",
  "mayfly-records",
]);

const webhook = z.strictObject({
  url: text.meta({ description: "https://… without a query; redirects are not followed" }),
  headers: z.record(headerName, secretSchema).default({}).meta({
    description: "Sent with each checkpoint, for example authorization; each by reference",
  }),
  ...server,
});

const witness = z.strictObject({
  url: text.meta({ description: "The witness's submission prefix: https://…" }),
  key: z
    .string()
    .transform((written, context) => {
      try {
        return parseWitnessKey(written).text;
      } catch (error) {
        const hint = "copy it from the witness's operator: NAME+ID+KEY";
        return addIssue(context, written, messageOf(error).replace(/^not/, "this is not"), hint);
      }
    })
    .meta({ description: "The witness's key for cosignatures (C2SP tlog-cosignature): NAME+ID+KEY" }),
  ...server,
});

const kinds = ["file", "folder", "webhook", "s3", "witness"] as const;

const destination = z
  .strictObject({
    name: z
      .string()
      .regex(
        namePattern,
        "a destination's name is made of lower-case letters, digits and hyphens, a letter first",
      ),
    file: filePath.optional().meta({ description: "A file to which each checkpoint is appended" }),
    folder: filePath.optional().meta({ description: "A folder, with a file a checkpoint" }),
    webhook: webhook.optional(),
    s3: s3.optional(),
    witness: witness.optional(),
  })
  .superRefine((written, context) => {
    const given = kinds.filter((kind) => written[kind] !== undefined);
    if (given.length === 1) return;
    context.addIssue({
      code: "custom",
      message: `a destination is one of ${kinds.join(", ")}, and this is ${given.length === 0 ? "none" : given.join(" and ")}`,
    });
  });

/** The schema of `audit.checkpoints`. */
export const checkpoints = z.strictObject({
  every: duration(10 * second, day)
    .default(10 * minute)
    .meta({ description: "At most so often, while records come in; and at stop" }),
  to: z.array(destination).min(1).max(20),
});

type Written = z.output<typeof checkpoints>;

const base = ["audit", "checkpoints"];

/** Checks what the schema cannot, and loads secrets. @param log the log's own folder, resolved */
export async function readCheckpoints(
  written: Written,
  sources: Sources,
  log: string,
): Promise<{ checkpoints?: CheckpointSettings; findings: readonly Finding[] }> {
  const findings = [...(await loadSecrets(written, base, sources))];
  const names = new Set<string>();
  for (const [index, one] of written.to.entries()) {
    const at = [...base, "to", index];
    if (names.size === names.add(one.name).size)
      findings.push(finding("value", [...at, "name"], "another destination has this name"));
    for (const kind of ["file", "folder"] as const) {
      const path = one[kind];
      if (path !== undefined && isInside(resolve(sources.folder, path), log))
        findings.push(
          finding(
            "value",
            [...at, kind],
            "this is inside the log's own folder",
            "name a place elsewhere: whoever can shorten the log must not reach it",
          ),
        );
    }
    // A file that could not be read already has its finding.
    const ca = (one.webhook ?? one.s3 ?? one.witness)?.ca;
    const problem = findings.length > 0 ? undefined : ca && problemOfCertificates(ca.text());
    if (problem !== undefined) findings.push(finding("value", [...at, kindOf(one), "ca"], problem));
    for (const [name, value] of Object.entries(one.webhook?.headers ?? {}))
      if (value.isLoaded && !isHeaderValue(name, value.reveal()))
        findings.push(
          finding("value", [...at, "webhook", "headers", name], "this secret cannot be a header's value"),
        );
  }
  if (findings.length > 0) return { findings };
  return {
    checkpoints: { every: written.every, to: written.to.map((one) => completed(one, sources.folder)) },
    findings,
  };
}

/** Checks addresses as written, so that another error beside them does not hide theirs. */
export function checkpointUrlFindings(written: unknown): Finding[] {
  if (!isMapping(written) || !isMapping(written["checkpoints"])) return [];
  const { to } = written["checkpoints"];
  if (!Array.isArray(to)) return [];
  return to.flatMap((one: unknown, index) => {
    if (!isMapping(one)) return [];
    return (
      [
        ["webhook", "url", true],
        ["s3", "endpoint", false],
        ["witness", "url", true],
      ] as const
    ).flatMap(([kind, member, path]) => {
      const settings = one[kind];
      if (!isMapping(settings)) return [];
      const url = settings[member];
      if (typeof url !== "string" || url === "") return [];
      const insecureLoopback = settings["allow_insecure_loopback"] === true;
      const problem = problemOfUrl(url, { path, insecureLoopback });
      return problem === undefined
        ? []
        : [finding("value", [...base, "to", index, kind, member], problem.message, problem.hint)];
    });
  });
}

function isHeaderValue(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

type WrittenDestination = Written["to"][number];

function kindOf(written: WrittenDestination): (typeof kinds)[number] {
  return kinds.find((kind) => written[kind] !== undefined) ?? "file";
}

function completed(written: WrittenDestination, folder: string): CheckpointDestination {
  const { name } = written;
  const caOf = ({ ca }: { readonly ca?: { text(): string } | undefined }): { ca?: string } =>
    ca === undefined ? {} : { ca: ca.text() };
  if (written.webhook !== undefined) {
    const { url, headers } = written.webhook;
    return {
      name,
      kind: "webhook",
      url: new URL(url).href,
      headers: new Map(Object.entries(headers)),
      ...caOf(written.webhook),
    };
  }
  if (written.s3 !== undefined) return { name, kind: "s3", ...s3SettingsOf(written.s3) };
  if (written.witness !== undefined) {
    const url = new URL(written.witness.url).href.replace(/\/+$/, "");
    return { name, kind: "witness", url, key: written.witness.key, ...caOf(written.witness) };
  }
  return written.folder === undefined
    ? { name, kind: "file", path: resolve(folder, written.file ?? "") }
    : { name, kind: "folder", path: resolve(folder, written.folder) };
}
