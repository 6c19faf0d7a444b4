import { pause } from "../../kernel/pause.ts";
import { createHash } from "node:crypto";
import * as z from "zod";
import type { Clock } from "../../kernel/clock.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import type { NotificationStore, SlackMessage } from "../store.ts";
import type { SlackSettings } from "../types.ts";
import type { SlackApi } from "./api.ts";
import { actionIds, isDecidable, requestUrl } from "./messages.ts";
import type { SlackPorts } from "./requests.ts";
import { isFromSlack, MAX_CALL_AGE_MS } from "./signature.ts";
import { plainText } from "./text.ts";

/** What Slack sent: the form's text as it came, and two of its headers. */
export interface SlackCall {
  readonly raw: string;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

/** Handles presses of buttons. */
export interface SlackInteractions {
  /**
   * Receives a call. Slack wants an answer within three seconds, so the work is done after the answer.
   * @throws MayflyError `slack_unverified` (401), `slack_replayed` (409), `slack_busy` (503), `slack_off` (404)
   */
  receive(call: SlackCall): Promise<void>;
  /** Waits for what is under way. */
  settled(): Promise<void>;
}

/** What they are made of. */
export interface InteractionParts {
  readonly settings: SlackSettings;
  readonly store: Pick<NotificationStore, "seen" | "slackMessage">;
  readonly api: SlackApi;
  readonly ports: SlackPorts;
  readonly clock: Clock;
  /** The gateway's own, without a slash at its end. */
  readonly url: string;
  readonly problem: (message: string) => void;
}

/** The most presses handled at a time. */
const MAX_CONCURRENT_INTERACTIONS = 16;
/** How often, and how many times, the location of a message is looked up, milliseconds. */
const quick = { every: 200, times: 5 };

const id = z.string().regex(/^[A-Z0-9]{2,40}$/);

/** The part of a `block_actions` payload that is read. */
const payloadSchema = z.object({
  type: z.literal("block_actions"),
  api_app_id: id,
  team: z.object({ id }),
  user: z.object({ id, team_id: id.optional() }),
  container: z.object({ type: z.literal("message"), message_ts: z.string(), channel_id: id }),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().max(2000).optional() })).length(1),
});
type Payload = z.output<typeof payloadSchema>;

const valueSchema = z.strictObject({
  request: z.string().regex(/^req_[a-z0-9]{1,40}$/),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});

const unverified = (): MayflyError =>
  new MayflyError("slack_unverified", "this call is not signed by Slack, or is too old", {
    status: 401,
    hint: "check notifications.slack.signing_secret and this machine's clock",
  });

/** Makes them. */
export function slackInteractions(parts: InteractionParts): SlackInteractions {
  const { settings, store, api, ports, clock, url } = parts;
  const risks = settings.decide?.risks ?? [];
  const underWay = new Set<Promise<void>>();

  /** A message shows in Slack a moment before its place is stored, and somebody may be that quick. */
  async function messageAbout(request: string): Promise<SlackMessage | undefined> {
    for (let tries = 0; ; tries++) {
      const message = await store.slackMessage(request);
      if (message !== undefined || tries === quick.times) return message;
      await pause(clock, quick.every);
    }
  }

  async function decide(payload: Payload): Promise<void> {
    const { user, container, team } = payload;
    const [action] = payload.actions;
    const decision =
      action?.action_id === actionIds.approve
        ? "approve"
        : action?.action_id === actionIds.refuse
          ? "refuse"
          : undefined;
    // The link to the console is a button too, and Slack tells of it.
    if (decision === undefined) return;
    const me = await api.self();
    // The secret is the app's, and an app may be in several workspaces.
    if (team.id !== me.team || payload.api_app_id !== me.app)
      throw new Error("it is of another workspace or app");
    const value = valueSchema.safeParse(readJson(action?.value ?? ""));
    if (!value.success) throw new Error("its button is not one of ours");
    const { request: about, digest } = value.data;
    const say = (text: string): Promise<void> => api.whisper(container.channel_id, user.id, text);
    const inConsole = (why: string): Promise<void> =>
      say(`${why} Open the console to decide: ${requestUrl(url, about)}`);

    const message = await messageAbout(about);
    if (message?.ts !== container.message_ts || message.channel !== container.channel_id)
      throw new Error("its message is not the request's");
    const request = await ports.request(about);
    if (request === undefined) throw new Error("there is no such request");
    if (request.state !== "pending") {
      await say(`Request ${about} is ${request.state.replace("_", " ")} already.`);
      return;
    }
    if (!isDecidable(request, risks)) {
      await inConsole("This request cannot be decided inside Slack.");
      return;
    }
    const known = await api.user(user.id);
    if (known === undefined || known.team !== me.team || (user.team_id ?? me.team) !== me.team) {
      await inConsole("Slack has no verified e-mail address of a full member for you.");
      return;
    }
    try {
      const done = await ports.decide(known.email, decision, about, digest);
      if (done === "no_session") await inConsole("You are not signed in to Mayfly.");
    } catch (error) {
      if (!(error instanceof MayflyError)) throw error;
      await inConsole(`Not done: ${plainText(error.message)}.`);
    }
  }

  return {
    async receive({ raw, timestamp, signature }) {
      if (settings.signingSecret === undefined)
        throw new MayflyError("slack_off", "nothing is taken from Slack here", {
          status: 404,
          hint: "notifications.slack.signing_secret is not set",
        });
      if (!isFromSlack(raw, { timestamp, signature }, settings.signingSecret, clock.wall()))
        throw unverified();
      if (underWay.size >= MAX_CONCURRENT_INTERACTIONS)
        throw new MayflyError("slack_busy", "too much is being decided at this moment", {
          status: 503,
          hint: "press again in a moment",
        });
      const now = clock.wall();
      const mark = createHash("sha256")
        .update(signature ?? "")
        .digest("hex");
      // Twice the window: a time stamp may lie ahead by as much as it may lie back.
      if (!(await store.seen(mark, now, now - 2 * MAX_CALL_AGE_MS)))
        throw new MayflyError("slack_replayed", "this call was taken before", {
          status: 409,
          hint: "press the button again",
        });
      const form = new URLSearchParams(raw);
      const payload = payloadSchema.safeParse(readJson(form.get("payload") ?? ""));
      // Signed by Slack, but nothing that Mayfly offers: a shortcut, say.
      if (!payload.success) return;
      const job = decide(payload.data)
        .catch((error: unknown) => parts.problem(`Slack: a press was not followed: ${messageOf(error)}`))
        .finally(() => underWay.delete(job));
      underWay.add(job);
    },
    async settled() {
      await Promise.all(underWay);
    },
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
