import type { Mayfly, Request } from "@mayfly/sdk";
import { list, type ListOptions } from "./listing.ts";
import { note, shortMoment } from "./print.ts";
import { riskOf } from "./sheet.ts";
import { lookOfRisk } from "./terminal/colour.ts";
import { type Column, type Fit, table } from "./terminal/table.ts";

/** As many are listed: the largest page that the gateway gives. */
const MAX_LISTED = 500;

const columns: readonly Column[] = [
  { name: "REQUEST", givesWay: "never" },
  { name: "WHO", leaves: 2 },
  { name: "OPERATIONS", givesWay: "lines" },
  { name: "RISK", givesWay: "never", look: lookOfRisk, leaves: 1 },
  { name: "ASKED", givesWay: "never", leaves: 3 },
  { name: "REASON", givesWay: "below" },
  { name: "YOU", givesWay: "below" },
];

function rowOf(request: Request, wide: boolean | undefined): string[] {
  const { requester, why_not_review: whyNot } = request;
  const mayReview = wide === true ? "you may review" : "";
  return [
    request.id,
    requester.person === undefined ? requester.name : `${requester.name} for ${requester.person.subject}`,
    request.operations.map(({ name }) => name).join(" "),
    riskOf(request),
    shortMoment(request.created_at, wide),
    request.reason,
    request.may_review === true ? mayReview : `you may not review it: ${whyNot ?? "unknown"}`,
  ];
}

/** The table of them, and that there may be more. */
export function textOf(requests: readonly Request[], fit: Fit): string {
  const rows = table(
    columns,
    requests.map((request) => rowOf(request, fit.wide)),
    fit,
  );
  return requests.length < MAX_LISTED ? rows : `${rows}\nThe newest ${MAX_LISTED} are listed.`;
}

/** The emergencies that nobody has reviewed yet, as far as whoever asks may see them. */
export async function listToReview(options: ListOptions, mayfly: Mayfly): Promise<void> {
  let first: Request | undefined;
  await list(options, {
    load: async () => {
      const requests = await mayfly.requests({ all: true, emergencies: "unreviewed", limit: MAX_LISTED });
      first = requests.find(({ may_review: may }) => may === true);
      return requests;
    },
    text: textOf,
    empty: "There are no emergencies to review.",
  });
  if (first === undefined || options.json === true || options.output !== undefined) return;
  note(`hint: mayfly show ${first.id}, then mayfly review ${first.id} --note "what you found"`);
}
