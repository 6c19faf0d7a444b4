import { formatDuration } from "@mayfly/sdk/formats";
import { createInterface } from "node:readline/promises";
import { MayflyError, type ApproveAnswer, type Inbox, type Request } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, connect } from "../context.ts";
import { UsageError } from "../exit.ts";
import { duration, noteText, operationName, required } from "../arguments.ts";
import { list, listing, type ListOptions } from "../listing.ts";
import { note, out, outJson, shortMoment } from "../print.ts";
import { lookOfRisk } from "../terminal/colour.ts";
import { type Column, type Fit, table } from "../terminal/table.ts";
import { sheetOf } from "../sheet.ts";

interface ReviewOptions extends CommonOptions {
  readonly comment: string;
  readonly yes?: boolean;
}

interface ApproveOptions extends ReviewOptions {
  readonly ttl?: string;
  readonly only: readonly string[];
}

/** `mayfly pending`. */
export function pendingCommand(): Command {
  return listing(
    command("pending", "List the requests awaiting approval (reviewers)", "mayfly pending"),
  ).action(async (options: ListOptions) => {
    const { mayfly } = connect(options);
    const { roles } = await mayfly.me();
    const empty = "No requests are awaiting approval.";
    if (roles.includes("reviewer")) {
      const inbox = await mayfly.inbox();
      await list(options, { load: async () => inbox, text: inboxText, empty });
      if (options.json !== true && options.output === undefined) tellNext(inbox);
      return;
    }
    await list(options, {
      load: () => mayfly.requests({ state: "pending", ...(roles.length > 0 ? { all: true } : {}) }),
      text: pendingTable,
      empty,
    });
  });
}

const pendingColumns: readonly Column[] = [
  { name: "REQUEST", givesWay: "never" },
  { name: "WHO", leaves: 2 },
  { name: "OPERATIONS", givesWay: "lines" },
  { name: "FOR", givesWay: "never", leaves: 1 },
  { name: "WAITS UNTIL", givesWay: "never", leaves: 3 },
  { name: "REASON", givesWay: "below" },
];

function pendingTable(requests: readonly Request[], fit: Fit): string {
  return table(
    pendingColumns,
    requests.map((request) => [
      request.id,
      request.requester.name,
      request.operations.map(({ name }) => name).join(" "),
      formatDuration(request.ttl_seconds * 1000),
      request.waits_until === undefined ? "" : shortMoment(request.waits_until, fit.wide),
      request.reason,
    ]),
    fit,
  );
}

const inboxColumns: readonly Column[] = [
  { name: "REQUEST", givesWay: "never" },
  { name: "WHO", leaves: 2 },
  { name: "OPERATIONS", givesWay: "lines" },
  { name: "RISK", givesWay: "never", look: lookOfRisk },
  { name: "FOR", givesWay: "never", leaves: 1 },
  { name: "WAITS UNTIL", givesWay: "never", leaves: 3 },
  { name: "GIVEN", wide: true },
  { name: "REASON", givesWay: "below" },
  { name: "YOU", givesWay: "below" },
];

function inboxText({ waiting }: Inbox, fit: Fit): string {
  const mayDecide = fit.wide === true ? "you may decide" : "";
  return table(
    inboxColumns,
    waiting.map((item) => [
      item.id,
      item.requester.person === undefined
        ? item.requester.name
        : `${item.requester.name} for ${item.requester.person}`,
      item.operations.join(" "),
      item.risk,
      formatDuration(item.ttl_seconds * 1000),
      shortMoment(item.waits_until, fit.wide),
      `${item.given} of ${item.needed}${item.escalated ? ", escalated" : ""}`,
      item.reason,
      item.may_decide ? mayDecide : `you may not decide: ${item.why_not ?? "unknown"}`,
    ]),
    fit,
  );
}

function tellNext({ waiting, more }: Inbox): void {
  if (more) note("There are more.");
  const [first] = waiting.filter((item) => item.may_decide);
  if (first !== undefined) note(`hint: mayfly show ${first.id}`);
}

/** `mayfly show`. */
export function showCommand(): Command {
  return command(
    "show <request>",
    "Show a request as a reviewer must see it: who, for whom, why, what exactly, how long, and what came before",
    "mayfly show req_7k2m9q4t0x5c8v1n",
  ).action(async (id: string, options: CommonOptions) => {
    const { mayfly } = connect(options);
    const request = await mayfly.getRequest(id);
    if (options.json === true) return outJson(request);
    // How much was done is for everybody but the requester.
    const isEmergencyOfAnother = request.may_review !== undefined && request.grant_id !== undefined;
    out(sheetOf(request, Date.now(), isEmergencyOfAnother ? (await mayfly.background(id)).taken : undefined));
    if (request.state === "pending" && request.may_decide)
      note(`hint: mayfly approve ${id} [--ttl 3m] [--only CONNECTION/OPERATION], or mayfly refuse ${id}`);
  });
}

/** `mayfly review`. */
export function reviewCommand(): Command {
  const made = command(
    "review <request>",
    "Note what you found about access that was taken by breaking glass, once it has ended (operators, reviewers)",
    'mayfly review req_7k2m9q4t0x5c8v1n --note "only the double refunds"\nmayfly requests --to-review',
  );
  return required(
    made,
    "--note <text>",
    "what you found; kept with the request and in the audit log",
    noteText,
  ).action(async (id: string, options: CommonOptions & { readonly note: string }) => {
    const after = await connect(options).mayfly.review(id, options.note);
    if (options.json === true) outJson(after);
    else note(`request ${id} is reviewed`);
  });
}

/** `mayfly approve`. */
export function approveCommand(): Command {
  return command(
    "approve <request>",
    "Show a request, and approve exactly what was shown, or a part of it (reviewers)",
    'mayfly approve req_7k2m9q4t0x5c8v1n --comment "checked with the customer"\nmayfly approve req_7k2m9q4t0x5c8v1n --ttl 3m --only orders-db/read-orders',
  )
    .option("--ttl <duration>", "allow a shorter time than asked for, for example 3m", duration)
    .option(
      "--only <operation>",
      "allow this CONNECTION/OPERATION alone; may be given several times",
      (name: string, before: readonly string[]) => [...before, operationName(name)],
      [],
    )
    .option("--comment <text>", "for the requester and the audit log", "")
    .option("--yes", "do not ask")
    .action((id: string, options: ApproveOptions) => review(id, options, allowOf(options)));
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

type Allow = NonNullable<ApproveAnswer["allow"]>;

function allowOf({ ttl, only }: ApproveOptions): Allow {
  return { ...(ttl === undefined ? {} : { ttl }), ...(only.length === 0 ? {} : { operations: only }) };
}

/** @param decision `refuse`, or what an approval allows; empty: all of it */
async function review(id: string, options: ReviewOptions, decision: "refuse" | Allow): Promise<void> {
  const { mayfly } = connect(options);
  const request = await mayfly.getRequest(id);
  if (options.json !== true) out(sheetOf(request));
  const part = decision === "refuse" ? "" : partInWords(decision);
  if (options.json !== true && part !== "") note(`You allow ${part}.`);
  if (options.yes !== true && !(await confirmed(decision === "refuse" ? "Refuse this" : "Approve this"))) {
    note("Nothing was decided.");
    process.exitCode = 1;
    return;
  }
  const answer = { digest: request.digest, comment: options.comment };
  const after = await (
    decision === "refuse"
      ? mayfly.refuse(id, answer)
      : mayfly.approve(id, { ...answer, ...(part === "" ? {} : { allow: decision }) })
  ).catch((thrown: unknown) => {
    throw explained(thrown);
  });
  if (options.json === true) outJson(after);
  else
    note(
      after.state === "pending"
        ? `recorded; request ${id} needs ${missing(after, decision === "refuse" ? "refuse" : "approve")} more`
        : `request ${id} is ${after.state.replace("_", " ")}`,
    );
}

/** `only orders-db/read-orders, for 3m`; empty when it is all that was asked for. */
function partInWords({ operations, ttl }: Allow): string {
  return [
    ...(operations === undefined ? [] : [`only ${operations.join(", ")}`]),
    ...(ttl === undefined ? [] : [`no longer than ${ttl}`]),
  ].join(", ");
}

/** Says in this command's own words how to prove oneself again. */
function explained(thrown: unknown): unknown {
  if (!(thrown instanceof MayflyError) || thrown.code !== "sign_in_again") return thrown;
  const within =
    thrown.maxAge === undefined ? "" : ` (it counts for ${formatDuration(thrown.maxAge * 1000)})`;
  return new MayflyError(thrown.code, `nothing was decided: ${thrown.message}`, {
    ...(thrown.status === undefined ? {} : { status: thrown.status }),
    hint: `log in again, then repeat this${within}: mayfly login --fresh`,
  });
}

function missing(request: Request, decision: "approve" | "refuse"): string {
  const given = request.approvals.filter((one) => one.decision === decision).length;
  const needed = decision === "approve" ? request.approval?.count : request.approval?.refusals;
  const left = (needed ?? 1) - given;
  const what = decision === "approve" ? "approval" : "refusal";
  return left === 1 ? `one ${what}` : `${left} ${what}s`;
}

async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UsageError("there is no terminal to ask on", "look at what is shown and pass --yes");
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question}? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
