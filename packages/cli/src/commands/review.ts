import { createInterface } from "node:readline/promises";
import type { Request } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, connect } from "../context.ts";
import { UsageError } from "../exit.ts";
import { bold, duration, moment, note, oneLine, out, outJson, printable, table } from "../print.ts";

interface ReviewOptions extends CommonOptions {
  readonly comment: string;
  readonly yes?: boolean;
}

/** `mayfly pending`. */
export function pendingCommand(): Command {
  return command("pending", "List the requests that wait for approval (reviewers)", "mayfly pending").action(
    async (options: CommonOptions) => {
      const { mayfly } = connect(options);
      const me = await mayfly.me();
      const requests = await mayfly.requests({
        state: "pending",
        ...(me.roles.length > 0 ? { all: true } : {}),
      });
      if (options.json === true) return outJson(requests);
      if (requests.length === 0) return note("Nothing waits for approval.");
      return out(
        table(
          ["REQUEST", "WHO", "OPERATIONS", "FOR", "WAITS UNTIL", "REASON"],
          requests.map((request) => [
            request.id,
            request.requester.name,
            request.operations.map(({ name }) => name).join(" "),
            duration(request.ttl_seconds),
            request.waits_until === undefined ? "" : moment(request.waits_until),
            request.reason,
          ]),
        ),
      );
    },
  );
}

/** `mayfly approve`. */
export function approveCommand(): Command {
  return command(
    "approve <request>",
    "Show a request, and approve exactly what was shown (reviewers)",
    'mayfly approve req_7k2m9q4t0x5c8v1n --comment "checked with the customer"',
  )
    .option("--comment <text>", "for the requester and the audit log", "")
    .option("--yes", "do not ask")
    .action((id: string, options: ReviewOptions) => review(id, options, "approve"));
}

/** `mayfly refuse`. */
export function refuseCommand(): Command {
  return command(
    "refuse <request>",
    "Show a request, and refuse it (reviewers)",
    'mayfly refuse req_7k2m9q4t0x5c8v1n --comment "no ticket"',
  )
    .option("--comment <text>", "for the requester and the audit log", "")
    .option("--yes", "do not ask")
    .action((id: string, options: ReviewOptions) => review(id, options, "refuse"));
}

async function review(id: string, options: ReviewOptions, decision: "approve" | "refuse"): Promise<void> {
  const { mayfly } = connect(options);
  const request = await mayfly.getRequest(id);
  if (options.json !== true) out(describe(request));
  if (options.yes !== true && !(await confirmed(decision))) {
    note("Nothing was decided.");
    process.exitCode = 1;
    return;
  }
  const after =
    decision === "approve"
      ? await mayfly.approve(id, { digest: request.digest, comment: options.comment })
      : await mayfly.refuse(id, { digest: request.digest, comment: options.comment });
  if (options.json === true) outJson(after);
  else
    note(
      after.state === "pending"
        ? `recorded; request ${id} needs ${missing(after)} more`
        : `request ${id} is ${after.state}`,
    );
}

function missing(request: Request): string {
  const yes = request.approvals.filter(({ decision }) => decision === "approve").length;
  const left = (request.approval?.count ?? 1) - yes;
  return left === 1 ? "one approval" : `${left} approvals`;
}

async function confirmed(decision: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UsageError("there is no terminal to ask on", "look at what is shown and pass --yes");
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(
      (await terminal.question(`${decision === "approve" ? "Approve" : "Refuse"} this? [y/N] `)).trim(),
    );
  } finally {
    terminal.close();
  }
}

/** A request as a reviewer must see it; what an agent wrote is indented, so that it cannot pass for ours. */
function describe(request: Request): string {
  const who = request.requester;
  const facts: [string, string][] = [
    ["request", `${request.id} (${request.state})`],
    [who.kind, `${who.name}, client ${who.client}, subject ${who.subject}`],
    ["issuer", who.issuer],
    ...(who.owner === undefined ? [] : [["owner", who.owner] as [string, string]]),
    ...(who.person === undefined ? [] : [["acts for", who.person.subject] as [string, string]]),
    ["groups", who.groups.join(", ") || "none"],
    ["for", `${duration(request.ttl_seconds)}, from its approval`],
    ["asked", moment(request.created_at)],
    ...(request.waits_until === undefined
      ? []
      : [["waits until", moment(request.waits_until)] as [string, string]]),
    ["policy", request.policies.join(", ")],
    ["digest", request.digest],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) => `${bold(name.padEnd(width))}  ${oneLine(value)}`);
  lines.push(bold("operations"));
  for (const operation of request.operations) {
    lines.push(
      `  ${oneLine(operation.name)}, risk ${operation.risk ?? "unknown"}: ${oneLine(operation.description)}`,
    );
    for (const fact of operation.scope) lines.push(`    - ${oneLine(fact)}`);
  }
  lines.push(bold("reason, as the requester wrote it"));
  for (const line of printable(request.reason).split("\n")) lines.push(`  | ${line}`);
  return lines.join("\n");
}
