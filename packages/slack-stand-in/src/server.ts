import { randomBytes } from "node:crypto";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { problemOfBlocks } from "./blocks.ts";
import { interaction, type Press } from "./press.ts";

/** A member of the workspace. */
export interface User {
  readonly id: string;
  readonly email: string;
  /** Changes members of the user object: `{ is_email_confirmed: false }`. */
  readonly change?: Readonly<Record<string, unknown>>;
}

/** A message as the channel shows it. */
export interface Message {
  readonly channel: string;
  readonly ts: string;
  text: string;
  blocks: readonly unknown[];
  edits: number;
}

/** How a call is to fail. */
export interface Failure {
  /** Slack's error code, with status 200. */
  readonly error?: string;
  readonly status?: number;
  /** Seconds. */
  readonly retryAfter?: number;
  /** Closes the connection without an answer. */
  readonly hangUp?: boolean;
}

/** A stand-in that runs. */
export interface SlackStandIn {
  /** Of its Web API, with a slash at its end. */
  readonly url: string;
  readonly token: string;
  readonly signingSecret: string;
  readonly team: string;
  readonly app: string;
  readonly messages: readonly Message[];
  readonly whispers: readonly { readonly channel: string; readonly user: string; readonly text: string }[];
  /** Every call, in order. */
  readonly calls: readonly {
    readonly method: string;
    readonly arguments: Readonly<Record<string, string>>;
  }[];
  /** The next call of that method fails; several are kept in order. */
  failNext(method: string, failure: Failure): void;
  /** Every call fails until told otherwise. */
  failAll(failure: Failure | undefined): void;
  /** Presses a button: calls the app as Slack does. */
  press(press: Press): Promise<{ readonly status: number }>;
  close(): Promise<void>;
}

/** Starts one on the loopback address. */
export async function startSlackStandIn(options: {
  /** By name: their ids. */
  readonly channels: Readonly<Record<string, string>>;
  readonly users: readonly User[];
}): Promise<SlackStandIn> {
  const token = `xoxb-${randomBytes(16).toString("hex")}`;
  const signingSecret = randomBytes(16).toString("hex");
  const team = "T0STANDIN";
  const app = "A0STANDIN";
  const bot = "B0STANDIN";
  const messages: Message[] = [];
  const whispers: { channel: string; user: string; text: string }[] = [];
  const calls: { method: string; arguments: Record<string, string> }[] = [];
  const failures = new Map<string, Failure[]>();
  let always: Failure | undefined;
  let number = 0;

  type Answer = Record<string, unknown> & { ok: boolean };
  const no = (error: string): Answer => ({ ok: false, error });
  const channelOf = (named: string | undefined): string | undefined =>
    Object.entries(options.channels).find(([name, id]) => named === name || named === id)?.[1];
  const userObject = ({ id, email, change }: User): Record<string, unknown> => ({
    id,
    team_id: team,
    name: email.split("@")[0],
    deleted: false,
    is_bot: false,
    is_restricted: false,
    is_ultra_restricted: false,
    is_email_confirmed: true,
    profile: { email },
    ...change,
  });

  const methods: Readonly<Record<string, (given: Record<string, string>) => Answer>> = {
    "auth.test": () => ({
      ok: true,
      url: "https://example.slack.com/",
      team_id: team,
      bot_id: bot,
      user_id: "U0BOT",
    }),
    "bots.info": (given) =>
      given["bot"] === bot ? { ok: true, bot: { id: bot, app_id: app } } : no("bot_not_found"),
    "chat.postMessage"(given) {
      const channel = channelOf(given["channel"]);
      if (channel === undefined) return no("channel_not_found");
      const blocks = readBlocks(given["blocks"]);
      if ((given["text"] ?? "") === "" && blocks.length === 0) return no("no_text");
      const problem = problemOfBlocks(blocks);
      if (problem !== undefined) return no(problem);
      number += 1;
      const ts = `1700000000.${String(number).padStart(6, "0")}`;
      messages.push({ channel, ts, text: given["text"] ?? "", blocks, edits: 0 });
      return { ok: true, channel, ts, message: { app_id: app, bot_id: bot } };
    },
    "chat.update"(given) {
      const message = messages.find(({ ts, channel }) => ts === given["ts"] && channel === given["channel"]);
      if (message === undefined) return no("message_not_found");
      const blocks = readBlocks(given["blocks"]);
      const problem = problemOfBlocks(blocks);
      if (problem !== undefined) return no(problem);
      message.text = given["text"] ?? "";
      message.blocks = blocks;
      message.edits += 1;
      return { ok: true, channel: message.channel, ts: message.ts };
    },
    "chat.postEphemeral"(given) {
      const channel = channelOf(given["channel"]);
      if (channel === undefined) return no("channel_not_found");
      if (!options.users.some(({ id }) => id === given["user"])) return no("user_not_in_channel");
      whispers.push({ channel, user: given["user"] ?? "", text: given["text"] ?? "" });
      return { ok: true, message_ts: "1.2" };
    },
    "users.info"(given) {
      const user = options.users.find(({ id }) => id === given["user"]);
      return user === undefined ? no("user_not_found") : { ok: true, user: userObject(user) };
    },
    "users.lookupByEmail"(given) {
      const user = options.users.find(({ email }) => email === given["email"]);
      return user === undefined ? no("users_not_found") : { ok: true, user: userObject(user) };
    },
  };

  function answer(request: IncomingMessage, body: string, response: ServerResponse): void {
    const method = (request.url ?? "").replace(/^\/api\//, "");
    const given = Object.fromEntries(new URLSearchParams(body));
    calls.push({ method, arguments: given });
    const failure = always ?? failures.get(method)?.shift();
    if (failure?.hangUp === true) {
      response.destroy();
      return;
    }
    const send = (status: number, content: Answer, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(content));
    };
    if (failure?.retryAfter !== undefined) {
      send(failure.status ?? 429, no("ratelimited"), { "retry-after": String(failure.retryAfter) });
      return;
    }
    if (failure !== undefined) {
      send(failure.status ?? 200, no(failure.error ?? "internal_error"));
      return;
    }
    const { authorization } = request.headers;
    const run = methods[method];
    if (authorization === undefined) send(200, no("not_authed"));
    else if (authorization !== `Bearer ${token}`) send(200, no("invalid_auth"));
    else if (run === undefined) send(200, no("unknown_method"));
    else send(200, run(given));
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(request, Buffer.concat(chunks).toString(), response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/api/`,
    token,
    signingSecret,
    team,
    app,
    messages,
    whispers,
    calls,
    failNext(method, failure) {
      failures.set(method, [...(failures.get(method) ?? []), failure]);
    },
    failAll(failure) {
      always = failure;
    },
    press(press) {
      const { body, headers } = interaction(press, { team, id: app, signingSecret });
      return post(press, body, headers);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Redirects are not followed. */
function post(
  { to, ca }: Press,
  body: string,
  headers: Record<string, string>,
): Promise<{ readonly status: number }> {
  return new Promise((resolve, reject) => {
    const options = { method: "POST", headers, agent: false, ...(ca === undefined ? {} : { ca }) };
    const outgoing = to.startsWith("https:") ? httpsRequest(to, options) : httpRequest(to, options);
    outgoing.once("error", reject);
    outgoing.once("response", (incoming: IncomingMessage) => {
      incoming.resume();
      incoming.once("end", () => resolve({ status: incoming.statusCode ?? 0 }));
    });
    outgoing.end(body);
  });
}

function readBlocks(text: string | undefined): readonly unknown[] {
  const blocks: unknown = JSON.parse(text ?? "[]");
  return Array.isArray(blocks) ? blocks : [];
}
