import type { KnownBlock, PlainTextElement } from "@slack/web-api";
import type { AuditRecord } from "../../audit/records.ts";
import { formatDuration } from "../../kernel/durations.ts";
import type { Risk } from "../types.ts";
import type { SlackRequest } from "./requests.ts";
import { isCut, plainText, timeInWords } from "./text.ts";

/** A message as Slack takes it. Everything that others wrote stands in plain_text objects. */
export interface SlackBlocks {
  /** For notifications and screen readers. */
  readonly text: string;
  readonly blocks: KnownBlock[];
}

/** The buttons' names in interactions. */
export const actionIds = {
  approve: "mayfly_approve",
  refuse: "mayfly_refuse",
  open: "mayfly_open",
} as const;

/** What a button says: which request, and what it looked like. */
export interface ButtonValue {
  readonly request: string;
  readonly digest: string;
}

const plain = (text: string): PlainTextElement => ({ type: "plain_text", text, emoji: false });

/** Slack's own limits: 150 characters a header, 75 a button. */
const header = (text: string): KnownBlock => ({ type: "header", text: plain(text.slice(0, 150)) });

/** A label of ours and a value of theirs, a line each. */
const field = (label: string, value: string): PlainTextElement =>
  plain(`${label}\n${plainText(value) || "-"}`);

/** The longest text of a section, escapes included: Slack's own limit is 3000. */
const MAX_SECTION_CHARACTERS = 2800;

/** Whether a request may be decided inside Slack: only where the message shows all of what a yes is bound to. */
export function isDecidable(request: SlackRequest, risks: readonly Risk[]): boolean {
  return (
    request.state === "pending" &&
    !request.freshSignIn &&
    risks.includes(request.risk) &&
    isShownWhole(request)
  );
}

/** Whether nothing of a request is left out of its message for want of room. */
function isShownWhole(request: SlackRequest): boolean {
  const values = factsOf(request).map(([, value]) => value);
  return (
    !values.some((value) => isCut(value)) &&
    !isCut(request.reason, MAX_SECTION_CHARACTERS) &&
    !isCut(scopeOf(request).join(" "), MAX_SECTION_CHARACTERS - 20) &&
    !isCut(request.history.join(" "), MAX_SECTION_CHARACTERS - 20)
  );
}

function scopeOf({ operations }: SlackRequest): readonly string[] {
  return operations.flatMap(({ name, scope }) => [`${name}:`, ...scope]);
}

/** A section of a label of ours and lines of theirs. */
function lines(label: string, all: readonly string[]): KnownBlock[] {
  if (all.length === 0) return [];
  let text = label;
  for (const line of all) {
    const shown = plainText(line, MAX_SECTION_CHARACTERS);
    if (text.length + shown.length + 1 > MAX_SECTION_CHARACTERS) {
      text += "\n…";
      break;
    }
    text += `\n${shown}`;
  }
  return [{ type: "section", text: plain(text) }];
}

/** The page of a request. */
export function requestUrl(url: string, id: string): string {
  return `${url}/requests/${encodeURIComponent(id)}`;
}

const headlines: Readonly<Record<SlackRequest["state"], string>> = {
  denied: "Denied",
  pending: "Approval needed",
  approved: "Approved",
  refused: "Refused",
  withdrawn: "Withdrawn",
  timed_out: "Timed out",
};

/**
 * The message that follows a request. @param url the gateway's own
 * @param risks those that may be decided inside Slack
 */
export function requestMessage(request: SlackRequest, url: string, risks: readonly Risk[]): SlackBlocks {
  const headline = `${headlines[request.state]}: ${plainText(request.requester.name, 60)}`;
  return {
    text: `${headline}, ${plainText(request.connection, 60)}`,
    blocks: [
      header(headline),
      { type: "section", fields: factsOf(request).map(([label, value]) => field(label, value)) },
      { type: "section", text: plain(`Why\n${plainText(request.reason, MAX_SECTION_CHARACTERS) || "-"}`) },
      ...(request.state === "pending"
        ? [...lines("Scope", scopeOf(request)), ...lines("Last grants", request.history)]
        : []),
      ...footer(request),
      buttons(request, url, risks),
    ],
  };
}

/** A section takes ten fields. */
function factsOf(request: SlackRequest): readonly (readonly [label: string, value: string])[] {
  const { requester, state, pathsClosedAt: closed } = request;
  const who = [
    requester.name,
    requester.kind === "person" ? "a person" : "an agent",
    ...(requester.owner === undefined ? [] : [`owned by ${requester.owner}`]),
  ].join(", ");
  const facts: [label: string, value: string][] = [["Who", who]];
  if (requester.person !== undefined) facts.push(["For", requester.person]);
  if (requester.actors.length > 0) facts.push(["Through", requester.actors.join(", ")]);
  facts.push(
    ["What", `${request.connection}: ${request.operations.map(({ name }) => name).join(", ")}`],
    ["Risk", request.risk],
    ["How long", howLong(request)],
    ["Policy", request.policies.join(", ")],
  );
  if (closed !== undefined) facts.push(["Direct paths", `probed closed ${timeInWords(closed)}`]);
  if (state !== "pending") return facts;
  if (request.waitsUntil !== undefined) facts.push(["Decide by", timeInWords(request.waitsUntil)]);
  facts.push(["Needs", needsInWords(request)]);
  return facts;
}

/** `5m`, and what is said of its task: no field of its own, of which there are ten at most. */
function howLong({ ttl, lease, sandbox }: SlackRequest): string {
  const held =
    lease === undefined ? "" : `; ends sooner if its task is not heard from for ${formatDuration(lease)}`;
  return `${formatDuration(ttl)}${held}${sandbox === undefined ? "" : "; in a sandbox: claimed by who asks, not checked"}`;
}

function needsInWords({ needed, by, escalatedTo }: SlackRequest): string {
  const groups = [...by, ...(escalatedTo ?? [])].join(", ");
  const people = needed === 1 ? "one person" : `${needed} people`;
  return `${people} of ${groups}`;
}

/** What has happened so far, a line a fact. */
function footer(request: SlackRequest): KnownBlock[] {
  const said = request.decisions.map(
    ({ name, decision }) => `${decision === "approve" ? "Yes" : "No"} from ${plainText(name, 100)}`,
  );
  if (request.state === "pending" && request.escalatedTo !== undefined)
    said.push(`Escalated to ${plainText(request.escalatedTo.join(", "), 200)}`);
  if (request.state !== "pending" && request.outcome !== undefined)
    said.push(plainText(request.outcome, 500));
  return said.length === 0
    ? []
    : [{ type: "context", elements: said.slice(-10).map((one) => plain(one || "-")) }];
}

function buttons(request: SlackRequest, url: string, risks: readonly Risk[]): KnownBlock {
  const open = {
    type: "button" as const,
    action_id: actionIds.open,
    text: plain("Open in the console"),
    url: requestUrl(url, request.id),
  };
  if (!isDecidable(request, risks)) return { type: "actions", elements: [open] };
  const value = JSON.stringify({ request: request.id, digest: request.digest } satisfies ButtonValue);
  const ask = (
    what: string,
  ): {
    title: PlainTextElement;
    text: PlainTextElement;
    confirm: PlainTextElement;
    deny: PlainTextElement;
  } => ({
    title: plain(`${what}?`),
    text: plain(`${what} what this message shows, as yourself.`),
    confirm: plain(what),
    deny: plain("Back"),
  });
  return {
    type: "actions",
    elements: [
      {
        type: "button",
        action_id: actionIds.approve,
        text: plain("Approve"),
        style: "primary",
        value,
        confirm: ask("Approve"),
      },
      {
        type: "button",
        action_id: actionIds.refuse,
        text: plain("Refuse"),
        style: "danger",
        value,
        confirm: ask("Refuse"),
      },
      open,
    ],
  };
}

/**
 * The message of a record that everybody must see; undefined for any other record.
 * @param more emergencies of the same principal, just before, that no message of their own tells
 */
export function loudMessage(record: AuditRecord, url: string, more = 0): SlackBlocks | undefined {
  const by = record.principal?.name ?? "somebody";
  const why = typeof record.detail["reason"] === "string" ? record.detail["reason"] : "";
  switch (record.type) {
    case "lockdown.started":
      return loud(
        "LOCK-DOWN: every grant ended, everything is refused",
        [
          ["By", by],
          ["Since", record.time],
        ],
        why,
        url,
      );
    case "lockdown.lifted":
      return loud(
        "Lock-down lifted: requests are taken again",
        [
          ["By", by],
          ["At", record.time],
        ],
        "",
        url,
        false,
      );
    case "break_glass.activated":
      return loud(
        "BREAK-GLASS: access without anybody's approval",
        [
          ["Who", by],
          ["What", `${record.connection ?? ""}: ${(record.operations ?? []).join(", ")}`],
          ["Since", record.time],
          ...(typeof record.detail["ends_at"] === "string"
            ? [["Until", record.detail["ends_at"]] as const]
            : []),
          ...(more === 0 ? [] : [["Before it", `${more} more, which Activity lists`] as const]),
        ],
        why,
        record.request === undefined ? url : requestUrl(url, record.request),
      );
    default:
      return undefined;
  }
}

function loud(
  headline: string,
  facts: readonly (readonly [label: string, value: string])[],
  why: string,
  url: string,
  isLoud = true,
): SlackBlocks {
  return {
    text: isLoud ? `<!channel> ${headline}` : headline,
    blocks: [
      header(headline),
      // The only markup that is ever sent, and all of it is ours.
      ...(isLoud
        ? [{ type: "section" as const, text: { type: "mrkdwn" as const, text: "<!channel>" } }]
        : []),
      { type: "section", fields: facts.map(([label, value]) => field(label, value)) },
      ...(why === ""
        ? []
        : [{ type: "section" as const, text: plain(`Why\n${plainText(why, 2000) || "-"}`) }]),
      {
        type: "actions",
        elements: [{ type: "button", action_id: actionIds.open, text: plain("Open the console"), url }],
      },
    ],
  };
}
