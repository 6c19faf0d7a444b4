import { MayflyError, type Grant, type Mayfly, type Request } from "@mayfly/sdk";
import { type Command, Option } from "commander";
import { printAccess, printExports } from "../access-text.ts";
import { command, type CommonOptions, connect } from "../context.ts";
import { exitCodes } from "../exit.ts";
import { list, type ListOptions, watchable } from "../listing.ts";
import { moment, note, outJson, shortMoment } from "../print.ts";
import { riskOf } from "../sheet.ts";
import { lookOfRisk, lookOfState } from "../terminal/colour.ts";
import { type Column, table } from "../terminal/table.ts";
import { listToReview } from "../to-review.ts";
import { pendingText, waitFor } from "../waiting.ts";
import { waysIn } from "../ways-in.ts";
import { requireApproved } from "./request.ts";

/** `mayfly requests`. */
export function requestsCommand(): Command {
  return watchable(command("requests", "List your requests, newest first", "mayfly requests --pending"))
    .option("--pending", "only those that await approval")
    .addOption(
      new Option(
        "--to-review",
        "emergencies that nobody has reviewed yet, in the place of your own requests (reviewers, operators, auditors)",
      ).conflicts("pending"),
    )
    .action((options: ListOptions & { readonly pending?: boolean; readonly toReview?: boolean }) => {
      const { mayfly } = connect(options);
      if (options.toReview === true) return listToReview(options, mayfly);
      return list(options, {
        load: () => mayfly.requests(options.pending === true ? { state: "pending" } : {}),
        text: (requests, fit) =>
          table(
            columns,
            requests.map((request) => rowOf(request, fit.wide)),
            fit,
          ),
        empty: "There are no requests.",
      });
    });
}

const columns: readonly Column[] = [
  { name: "REQUEST", givesWay: "never" },
  { name: "STATE", givesWay: "never", look: lookOfState },
  { name: "RISK", givesWay: "never", leaves: 2, look: lookOfRisk },
  { name: "OPERATIONS", givesWay: "lines" },
  { name: "ASKED", wide: true },
  { name: "WAITS UNTIL", givesWay: "never", leaves: 1 },
  { name: "GRANT", wide: true },
  { name: "REASON", givesWay: "below" },
];

function rowOf(request: Request, wide: boolean | undefined): string[] {
  return [
    request.id,
    request.state.replace("_", " "),
    riskOf(request),
    request.operations.map(({ name }) => name).join(" "),
    shortMoment(request.created_at, wide),
    request.state === "pending" && request.waits_until !== undefined
      ? shortMoment(request.waits_until, wide)
      : "",
    request.grant_id ?? "",
    request.reason,
  ];
}

/** `mayfly wait`. */
export function waitCommand(): Command {
  return command(
    "wait <request>",
    "Wait until your request is decided; the way in stays to be collected",
    'mayfly wait req_7k2m9q4t0x5c8v1n && eval "$(mayfly env req_7k2m9q4t0x5c8v1n)"',
  ).action(async (id: string, options: CommonOptions) => {
    const { mayfly } = connect(options);
    const before = await mayfly.getRequest(id);
    const request =
      before.state === "pending" ? await waitFor(mayfly, before, options.json === true) : before;
    if (request === undefined) return;
    if (options.json === true) outJson(request);
    requireApproved(request);
    if (options.json !== true)
      note(`request ${id} is approved${request.grant_id === undefined ? "" : `: grant ${request.grant_id}`}`);
  });
}

/** `mayfly withdraw`. */
export function withdrawCommand(): Command {
  return command(
    "withdraw <request>",
    "Take your request back while it waits for approval",
    "mayfly withdraw req_7k2m9q4t0x5c8v1n",
  ).action(async (id: string, options: CommonOptions) => {
    const request = await connect(options).mayfly.withdraw(id);
    if (options.json === true) outJson(request);
    else note(`request ${id} is ${request.state.replace("_", " ")}`);
  });
}

/** `mayfly collect`. */
export function collectCommand(): Command {
  return command(
    "collect <request-or-grant>",
    "Collect the way into an approved request, once: it is shown to nobody afterwards",
    "mayfly collect req_7k2m9q4t0x5c8v1n",
  ).action(async (id: string, options: CommonOptions) => {
    const { mayfly, place } = connect(options);
    const grant = await collect(mayfly, id, options);
    if (grant === undefined) return;
    if (options.json === true) outJson(grant);
    else printAccess(grant, place.caFile);
  });
}

/** `mayfly env`. */
export function envCommand(): Command {
  return command(
    "env <request-or-grant>",
    "Collect the way into an approved request, once, as lines for a shell to evaluate",
    'eval "$(mayfly env gr_7k2m9q4t0x5c8v1n)"',
  ).action(async (id: string, options: CommonOptions) => {
    const { mayfly, place } = connect(options);
    const grant = await collect(mayfly, id, options);
    if (grant?.access === undefined) return;
    const { env, dsn } = waysIn(grant.access, place.caFile);
    const all = { ...env, ...(dsn === undefined ? {} : { MAYFLY_DSN: dsn }), MAYFLY_GRANT: grant.id };
    if (options.json === true) outJson(all);
    else printExports(all);
    note(`grant ${grant.id} until ${moment(grant.ends_at)}; release it: mayfly release ${grant.id}`);
  });
}

/**
 * Collects the secret of a grant, or of a request's.
 * @returns undefined for a request that still waits, which it says
 * @throws MayflyError where the request was not approved, or its secret was collected before
 */
async function collect(mayfly: Mayfly, id: string, options: CommonOptions): Promise<Grant | undefined> {
  if (id.startsWith("gr_")) return mayfly.collectSecret(id);
  const request = await mayfly.getRequest(id);
  if (request.state === "pending") {
    waits(request, options);
    return undefined;
  }
  requireApproved(request);
  if (request.grant_id === undefined)
    throw new MayflyError("no_grant", `request ${id} has no grant`, { hint: "ask again: mayfly request" });
  return mayfly.collectSecret(request.grant_id);
}

function waits(request: Request, options: CommonOptions): void {
  if (options.json === true) outJson(request);
  else note(pendingText(request));
  process.exitCode = exitCodes.undecided;
}
