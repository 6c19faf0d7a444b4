import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebClient,
  type Logger,
  LogLevel,
} from "@slack/web-api";
import { messageOf } from "../../kernel/errors.ts";
import type { Secret } from "../../kernel/secret.ts";
import { boundedFetch } from "./bounded-fetch.ts";
import type { SlackBlocks } from "./messages.ts";

/** Who pressed a button, as Slack knows them. */
export interface SlackUser {
  readonly team: string;
  readonly email: string;
}

/** The part of Slack's Web API that is used. Every call may throw a SlackProblem. */
export interface SlackApi {
  post(channel: string, message: SlackBlocks): Promise<{ readonly channel: string; readonly ts: string }>;
  update(channel: string, ts: string, message: SlackBlocks): Promise<void>;
  /** A line that only one member of the channel sees. */
  whisper(channel: string, user: string, text: string): Promise<void>;
  /**
   * A full member of the workspace with an e-mail address that Slack has verified; undefined for anybody else:
   * guests, members of other workspaces, bots, and those who have left.
   */
  user(id: string): Promise<SlackUser | undefined>;
  /** The workspace and the app that the token belongs to. */
  self(): Promise<{ readonly team: string; readonly app: string }>;
}

/** Why a call failed, and what can be done about it. */
export class SlackProblem extends Error {
  override readonly name = "SlackProblem";
  /**
   * `later`: Slack is away or asks for a pause; `settings`: the app, its token or its channel has to be put right;
   * `message`: this message can never be sent; `unknown`: Slack said something else.
   */
  readonly kind: "later" | "settings" | "message" | "unknown";
  /** The pause that Slack asks for, milliseconds. */
  readonly pause: number | undefined;

  constructor(kind: SlackProblem["kind"], message: string, pause?: number) {
    super(message);
    this.kind = kind;
    this.pause = pause;
  }
}

const later = new Set([
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "team_added_to_org",
  "request_timeout",
  "ratelimited",
  "rate_limited",
  "message_limit_exceeded",
]);
const settings = new Set([
  "account_inactive",
  "access_denied",
  "channel_not_found",
  "ekm_access_denied",
  "enterprise_is_restricted",
  "invalid_auth",
  "is_archived",
  "missing_scope",
  "no_permission",
  "not_allowed_token_type",
  "not_authed",
  "not_in_channel",
  "org_login_required",
  "restricted_action",
  "team_access_not_granted",
  "token_expired",
  "token_revoked",
]);
const ofMessage = new Set([
  "cant_update_message",
  "edit_window_closed",
  "invalid_blocks",
  "invalid_blocks_format",
  "message_not_found",
  "msg_blocks_too_long",
  "msg_too_long",
  "no_text",
  "user_not_in_channel",
]);

/** The library says what it sends only at its debug level; nothing of it belongs into our log. */
const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};

/** How long a call may take, milliseconds. */
const CALL_TIMEOUT_MS = 10_000;

/**
 * Makes the client.
 * @param url of the Web API, with a slash at its end
 * @param stopping ends the calls that are under way
 */
export function slackApi(token: Secret, url: string, stopping: AbortSignal): SlackApi {
  const client = new WebClient(token.reveal(), {
    slackApiUrl: url,
    logger: silent,
    // The caller decides about retries.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    maxRequestConcurrency: 4,
    allowAbsoluteUrls: false,
    timeout: CALL_TIMEOUT_MS,
    fetch: (to, init) => boundedFetch(to, init, stopping),
  });
  let known: Promise<{ team: string; app: string }> | undefined;

  async function call<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw problemOf(error);
    }
  }

  async function whoAmI(): Promise<{ team: string; app: string }> {
    const me = await call(() => client.auth.test());
    const bot = me.bot_id;
    if (me.team_id === undefined || bot === undefined)
      throw new SlackProblem("settings", "the token is not a bot's token");
    const app = me.app_id ?? (await call(() => client.bots.info({ bot }))).bot?.app_id;
    if (app === undefined) throw new SlackProblem("settings", "the token belongs to no app");
    return { team: me.team_id, app };
  }

  // Slack must not resolve names or unfurl links in a text.
  const quiet = {
    mrkdwn: false,
    parse: "none" as const,
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
  };
  return {
    post: (channel, message) =>
      call(async () => {
        // The rule takes it for a window's postMessage; this is a method of Slack's Web API.
        // oxlint-disable-next-line unicorn/require-post-message-target-origin
        const answer = await client.chat.postMessage({ channel, ...message, ...quiet });
        if (answer.channel === undefined || answer.ts === undefined)
          throw new SlackProblem("unknown", "Slack did not say where the message is");
        return { channel: answer.channel, ts: answer.ts };
      }),
    update: (channel, ts, message) =>
      call(async () => {
        await client.chat.update({ channel, ts, ...message, parse: "none", link_names: false });
      }),
    whisper: (channel, user, text) =>
      call(async () => {
        await client.chat.postEphemeral({ channel, user, text, parse: "none", link_names: false });
      }),
    user: (id) =>
      call(async () => {
        const { user } = await client.users.info({ user: id });
        const email = user?.profile?.email;
        if (user?.id !== id || user.team_id === undefined || email === undefined) return undefined;
        const isFull =
          user.is_email_confirmed === true &&
          user.deleted === false &&
          user.is_bot === false &&
          user.is_restricted === false &&
          user.is_ultra_restricted === false &&
          user.is_stranger !== true;
        return isFull ? { team: user.team_id, email } : undefined;
      }),
    self() {
      known ??= whoAmI().catch((error: unknown) => {
        known = undefined;
        throw error;
      });
      return known;
    },
  };
}

function problemOf(error: unknown): SlackProblem {
  if (error instanceof SlackProblem) return error;
  if (error instanceof WebAPIRateLimitedError)
    return new SlackProblem("later", "Slack asks for a pause", error.retryAfter * 1000);
  if (error instanceof WebAPIPlatformError) {
    const code = error.data.error;
    // Should it not be JSON, the whole answer is the code.
    const said = /^[a-z_]{1,60}$/.test(code) ? code : "an answer that is not understood";
    if (later.has(code)) return new SlackProblem("later", said);
    if (settings.has(code)) return new SlackProblem("settings", said);
    return new SlackProblem(ofMessage.has(code) ? "message" : "unknown", said);
  }
  if (error instanceof WebAPIHTTPError) return new SlackProblem("later", `HTTP status ${error.statusCode}`);
  return new SlackProblem("later", messageOf(error).slice(0, 200));
}
