import { createInterface } from "node:readline/promises";
import { MayflyError, type ApproveAnswer, type Inbox, type Request } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, connect } from "../context.ts";
import { UsageError } from "../exit.ts";
import { duration, moment, note, out, outJson, table } from "../print.ts";
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
  return command("pending", "List the requests that wait for approval (reviewers)", "mayfly pending").action(
    async (options: CommonOptions) => {
      const { mayfly } = connect(options);
      const me = await mayfly.me();
      if (me.roles.includes("reviewer")) return inbox(await mayfly.inbox(), options.json === true);
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

function inbox({ waiting, more }: Inbox, asJson: boolean): void {
  if (asJson) return outJson({ waiting, more });
  if (waiting.length === 0) return note("Nothing waits for approval.");
  out(
    table(
      ["REQUEST", "WHO", "OPERATIONS", "RISK", "FOR", "WAITS UNTIL", "GIVEN", "YOU", "REASON"],
      waiting.map((item) => [
        item.id,
        item.requester.person === undefined
          ? item.requester.name
          : `${item.requester.name} for ${item.requester.person}`,
        item.operations.join(" "),
        item.risk,
        duration(item.ttl_seconds),
        moment(item.waits_until),
        `${item.given} of ${item.needed}${item.escalated ? ", escalated" : ""}`,
        item.may_decide ? "may decide" : `may not: ${item.why_not ?? "unknown"}`,
        item.reason,
      ]),
    ),
  );
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
    const request = await connect(options).mayfly.getRequest(id);
    if (options.json === true) return outJson(request);
    out(sheetOf(request));
    if (request.state === "pending" && request.may_decide)
      note(`hint: mayfly approve ${id} [--ttl 3m] [--only CONNECTION/OPERATION], or mayfly refuse ${id}`);
  });
}

/** `mayfly approve`. */
export function approveCommand(): Command {
  return command(
    "approve <request>",
    "Show a request, and approve exactly what was shown, or a part of it (reviewers)",
    'mayfly approve req_7k2m9q4t0x5c8v1n --comment "checked with the customer"\nmayfly approve req_7k2m9q4t0x5c8v1n --ttl 3m --only orders-db/read-orders',
  )
    .option("--ttl <duration>", "allow a shorter time than asked for, for example 3m")
    .option(
      "--only <operation>",
      "allow this CONNECTION/OPERATION alone; may be given several times",
      (name: string, before: readonly string[]) => [...before, name],
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
  const within = thrown.maxAge === undefined ? "" : ` (it counts for ${duration(thrown.maxAge)})`;
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
