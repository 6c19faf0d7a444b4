import { MayflyError, type Grant, type Request } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, connect, splitOperations } from "../context.ts";
import { exitCodes } from "../exit.ts";
import { waysIn } from "../ways-in.ts";
import { duration, moment, note, oneLine, out, outJson } from "../print.ts";

interface RequestOptions extends CommonOptions {
  readonly reason: string;
  readonly ttl?: string;
  readonly breakGlass?: boolean;
  readonly wait?: boolean;
}

/** `mayfly request`. */
export function requestCommand(): Command {
  return command(
    "request <operations...>",
    "Request operations, written CONNECTION/OPERATION, and print the ways in",
    'mayfly request orders-db/read-orders --reason "TICKET-123: late parcel" --ttl 5m --wait',
  )
    .requiredOption("--reason <text>", "why; reviewers and the audit log read it")
    .option("--ttl <duration>", "how long, for example 5m (left out: the policy's default)")
    .option("--break-glass", "an emergency: at once where a policy allows it, and everybody hears of it")
    .option("--wait", "wait for approval where a person must approve")
    .action(request);
}

async function request(names: string[], options: RequestOptions): Promise<void> {
  const { mayfly, place } = connect(options);
  const ask = {
    ...splitOperations(names),
    reason: options.reason,
    ...(options.ttl === undefined ? {} : { ttl: options.ttl }),
    ...(options.breakGlass === true ? { break_glass: true } : {}),
  };
  let answer = await mayfly.request(ask);
  if (answer.state === "pending" && options.wait === true) {
    note(pendingText(answer));
    answer = await mayfly.wait(answer.id);
    if (answer.state === "approved" && answer.grant_id !== undefined) {
      answer = { ...answer, grant: await mayfly.collectSecret(answer.grant_id) };
    }
  }
  if (options.json === true) outJson(answer);
  if (answer.state === "pending") {
    if (options.json !== true) note(pendingText(answer));
    process.exitCode = exitCodes.undecided;
    return;
  }
  if (answer.state !== "approved") {
    throw new MayflyError(answer.state, `request ${answer.id} was ${answer.state.replace("_", " ")}`, {
      reasons: answer.reasons,
      hint: "mayfly operations lists what you may request",
    });
  }
  if (options.json !== true && answer.break_glass)
    note("mayfly: you broke glass: this is recorded as such, and those who have to know are told");
  if (options.json !== true) printAccess(answer, place.caFile);
}

/** What to tell somebody whose request waits. */
export function pendingText(answer: Request): string {
  const by = answer.approval === undefined ? "a reviewer" : answer.approval.by.join(" or ");
  const until = answer.waits_until === undefined ? "" : ` until ${moment(answer.waits_until)}`;
  return `mayfly: request ${answer.id} waits for ${by}${until}; they run: mayfly approve ${answer.id}`;
}

function printAccess(answer: Request, caFile: string | undefined): void {
  const { grant } = answer;
  if (grant === undefined) return;
  out(
    `grant ${grant.id}: ${grant.operations.map(oneLine).join(", ")} for ${termOf(grant)}, until ${moment(grant.ends_at)}`,
  );
  if (grant.access === undefined) return;
  const ways = waysIn(grant.access, caFile);
  if (ways.dsn !== undefined) out(`dsn ${oneLine(ways.dsn)}`);
  if (ways.url !== undefined) out(`url ${oneLine(ways.url)}`);
  for (const [name, value] of Object.entries(ways.env)) out(`export ${name}=${shellQuote(value)}`);
  if (grant.access.kubeconfig !== undefined)
    note(`For kubectl: mayfly kubeconfig ${grant.connection} > kubeconfig.yaml, or mayfly run`);
  note(`Release it when you are done: mayfly release ${grant.id}`);
}

/** How long a grant lives: less than was asked for where its reviewers allowed less. */
function termOf(grant: Grant): string {
  return duration((Date.parse(grant.ends_at) - Date.parse(grant.activated_at)) / 1000);
}

function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
