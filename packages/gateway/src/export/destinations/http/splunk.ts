import { randomUUID } from "node:crypto";
import type { Clock } from "../../../kernel/clock.ts";
import type { ExportFormat, SplunkTarget } from "../../../kernel/export-settings.ts";
import type { Destination, Handover, OutgoingRecord } from "../../destination.ts";
import type { Exporter } from "../../exporter.ts";
import { httpPost, jsonObject, type HttpAnswer } from "./post.ts";
import { handOverSplit, isAboutContent, type Bare, type Verdict } from "./split.ts";

/** The indexers are asked this often what they have, milliseconds. */
const ASK_EVERY_MS = 1000;
/** What they have not acknowledged by then is sent again, milliseconds: Splunk forgets acknowledgements after 10 minutes. */
const ACKNOWLEDGE_TIMEOUT_MS = 300_000;
/** Calls that wait for their acknowledgement. */
const MAX_UNACKNOWLEDGED = 64;
/** "Invalid data format", "Event field is required", "Event field cannot be blank": what this event is, and no other. */
const UNFIT_CODES = new Set<unknown>([6, 12, 13]);

/** Whether it can be one of Splunk's numbers for what went wrong, and nothing longer. */
const isCode = (code: unknown): code is number =>
  Number.isSafeInteger(code) && (code as number) >= 0 && (code as number) < 100;

/** Records as the collector takes them: one JSON object behind the other. */
export function splunkEvents(
  records: readonly OutgoingRecord[],
  { host, log }: Exporter,
  format: ExportFormat,
  index: string | undefined,
): string {
  const sourcetype = format === "ocsf" ? "mayfly:audit:ocsf" : "mayfly:audit";
  return records
    .map(({ seq, at, text }) => {
      const about = {
        time: at / 1000,
        host,
        source: log,
        sourcetype,
        ...(index === undefined ? {} : { index }),
        fields: { mayfly_log: log, mayfly_seq: String(seq) },
      };
      return `${JSON.stringify(about).slice(0, -1)},"event":${text}}`;
    })
    .join("\n");
}

/** How records are written, as the operator names it, and what stands in for one that is refused. */
export interface SplunkEvents {
  readonly format: ExportFormat;
  readonly bare: Bare;
}

/** Makes what sends to Splunk's HTTP Event Collector. */
export function splunkDestination(
  target: SplunkTarget,
  exporter: Exporter,
  { format, bare }: SplunkEvents,
  clock: Clock,
): Destination {
  const { url, ca, token, index, acknowledge } = target;
  const client = httpPost(url, ca, clock);
  /** Acknowledgements are numbered within a channel, which the sender makes up. */
  const channel = randomUUID();
  /** What was taken and is not acknowledged yet, oldest first. */
  let unacknowledged: { readonly id: number; next: number; readonly at: number; isThere: boolean }[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;

  const headers = (): Record<string, string> => ({
    authorization: `Splunk ${token.reveal()}`,
    "content-type": "application/json",
    ...(acknowledge ? { "x-splunk-request-channel": channel } : {}),
  });

  function lose(why: string, retryAfter?: number): Handover {
    unacknowledged = [];
    return { kind: "failed", why, ...(retryAfter === undefined ? {} : { retryAfter }) };
  }

  function refusalOf({ status, retryAfter, body }: HttpAnswer): Verdict {
    const answer = jsonObject(body);
    const code = answer?.["code"];
    const why = `HTTP ${status}${isCode(code) ? `, code ${code}` : ""}`;
    // Without a number of its own it is not the collector that answers.
    const isUnfit =
      status === 413 || (isCode(code) ? status === 400 && UNFIT_CODES.has(code) : isAboutContent(status));
    if (isUnfit) return { kind: "unfit", why };
    return { kind: "failed", why, ...(retryAfter === undefined ? {} : { retryAfter }) };
  }

  function verdictOf(answer: HttpAnswer, some: readonly OutgoingRecord[]): Verdict {
    if (answer.status !== 200) return refusalOf(answer);
    const said = jsonObject(answer.body);
    // Anything else that answers 200 has taken nothing. A page may be of a firewall that read along.
    if (said === undefined) return { kind: "unfit", why: "the answer is not one of the collector" };
    if (said?.["code"] !== 0) return { kind: "failed", why: "the answer is not one of the collector" };
    if (!acknowledge) return { kind: "taken" };
    const id = said["ackId"];
    if (!Number.isSafeInteger(id))
      return {
        kind: "failed",
        why: "the collector gives no acknowledgement: is it switched on for this token?",
      };
    const next = (some.at(-1)?.seq ?? 0) + 1;
    unacknowledged.push({ id: id as number, next, at: clock.monotonic(), isThere: false });
    return { kind: "taken" };
  }

  /** Asks what the indexers have. @returns what went wrong */
  async function ask(signal: AbortSignal): Promise<string | undefined> {
    askedAt = clock.monotonic();
    const acks = unacknowledged.filter(({ isThere }) => !isThere).map(({ id }) => id);
    const answer = await client.post(
      `${url}/services/collector/ack?channel=${channel}`,
      JSON.stringify({ acks }),
      headers(),
      signal,
    );
    if (typeof answer === "string") return answer;
    const said = answer.status === 200 ? jsonObject(answer.body)?.["acks"] : undefined;
    if (typeof said !== "object" || said === null) return `HTTP ${answer.status} instead of acknowledgements`;
    for (const one of unacknowledged)
      if ((said as Readonly<Record<string, unknown>>)[String(one.id)] === true) one.isThere = true;
    return undefined;
  }

  /** How far all is acknowledged. */
  function arrived(): Handover {
    const open = unacknowledged.findIndex(({ isThere }) => !isThere);
    const done = unacknowledged.splice(0, open === -1 ? unacknowledged.length : open);
    const last = done.at(-1);
    return last === undefined ? { kind: "pending" } : { kind: "delivered", delivered: last.next };
  }

  async function settle(signal: AbortSignal): Promise<Handover> {
    const [oldest] = unacknowledged;
    if (oldest === undefined || clock.monotonic() - askedAt < ASK_EVERY_MS) return { kind: "pending" };
    const problem = await ask(signal);
    if (problem !== undefined) return lose(problem);
    const settled = arrived();
    if (settled.kind === "pending" && clock.monotonic() - oldest.at > ACKNOWLEDGE_TIMEOUT_MS)
      return lose(`the indexers acknowledged nothing within ${ACKNOWLEDGE_TIMEOUT_MS / 1000} s`);
    return settled;
  }

  return {
    async send({ records, next }, signal) {
      // Whatever is on its way comes first: it is bounded.
      if (unacknowledged.length >= MAX_UNACKNOWLEDGED) return { kind: "full" };
      const handed = await handOverSplit(
        records,
        async (some) => {
          const body = splunkEvents(some, exporter, format, index);
          const answer = await client.post(`${url}/services/collector/event`, body, headers(), signal);
          return typeof answer === "string" ? { kind: "failed", why: answer } : verdictOf(answer, some);
        },
        bare,
      );
      if (handed.kind === "failed") return lose(handed.why, handed.retryAfter);
      const refused = handed.refused === undefined ? {} : { refused: handed.refused };
      const last = unacknowledged.at(-1);
      // What was refused behind it is done with as well.
      if (last !== undefined) last.next = next;
      return acknowledge
        ? { kind: "pending", ...refused }
        : { kind: "delivered", delivered: next, ...refused };
    },
    ...(acknowledge ? { settle } : {}),
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}
