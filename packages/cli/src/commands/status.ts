import type { Grant, Lockdown, Me, Request } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, connect } from "../context.ts";
import { list, type ListOptions, watchable } from "../listing.ts";
import { counted, moment, oneLine, shortMoment } from "../print.ts";
import { riskOf } from "../sheet.ts";
import { lookOfRisk, painted } from "../terminal/colour.ts";
import { type Column, type Fit, table } from "../terminal/table.ts";
import { whoText } from "./whoami.ts";

/** Everything that somebody has and waits for. */
interface Status {
  readonly url: string;
  readonly me: Me;
  readonly grants: readonly Grant[];
  readonly requests: readonly Request[];
  readonly lockdown: Lockdown;
}

/** `mayfly status`. */
export function statusCommand(): Command {
  return watchable(
    command(
      "status",
      "Say who you are, at which gateway, and what you have and wait for now",
      "mayfly status --watch",
    ),
  ).action((options: ListOptions) => {
    const { mayfly, place } = connect(options);
    return list<Status>(options, {
      load: async () => {
        const [me, grants, requests, lockdown] = await Promise.all([
          mayfly.me(),
          mayfly.grants({ state: "active" }),
          mayfly.requests({ state: "pending" }),
          mayfly.lockdown.get(),
        ]);
        return { url: place.url, me, grants, requests, lockdown };
      },
      text: textOf,
      empty: "",
    });
  });
}

function textOf({ url, me, grants, requests, lockdown }: Status, fit: Fit): string {
  return [
    `gateway   ${oneLine(url)}`,
    `you       ${oneLine(whoText(me))}`,
    `token     good until ${moment(me.token_expires_at)}`,
    ...(lockdown.locked ? [painted(`locked    ${oneLine(lockdown.reason ?? "")}`, "red")] : []),
    `grants    ${grants.length === 0 ? "none active" : counted(grants.length, "active grant")}`,
    table(
      grantColumns,
      grants.map(({ id, operations, ends_at }) => [id, operations.join(" "), shortMoment(ends_at, fit.wide)]),
      fit,
    ),
    `requests  ${requests.length === 0 ? "none pending" : counted(requests.length, "pending request")}`,
    table(
      requestColumns,
      requests.map((request) => [
        request.id,
        riskOf(request),
        request.operations.map(({ name }) => name).join(" "),
        request.waits_until === undefined ? "" : shortMoment(request.waits_until, fit.wide),
      ]),
      fit,
    ),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

const grantColumns: readonly Column[] = [
  { name: "GRANT", givesWay: "never" },
  { name: "OPERATIONS", givesWay: "lines" },
  { name: "ENDS", givesWay: "never" },
];

const requestColumns: readonly Column[] = [
  { name: "REQUEST", givesWay: "never" },
  { name: "RISK", givesWay: "never", leaves: 2, look: lookOfRisk },
  { name: "OPERATIONS", givesWay: "lines" },
  { name: "WAITS UNTIL", givesWay: "never", leaves: 1 },
];
