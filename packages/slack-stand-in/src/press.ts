import { createHmac, randomUUID } from "node:crypto";

/** Somebody pressing a button. */
export interface Press {
  /** The URL that the app gave Slack for interactions. */
  readonly to: string;
  /** PEM of the CA that its certificate is signed with, where it is not a public one. */
  readonly ca?: string;
  /** The message that the button is in. */
  readonly message: { readonly channel: string; readonly ts: string; readonly blocks: readonly unknown[] };
  readonly user: string;
  /** The button's action_id. */
  readonly action: string;
  /** Changes members of the payload, as an attacker would. */
  readonly change?: Readonly<Record<string, unknown>>;
  /** Changes what the button says. */
  readonly value?: string;
  /** Seconds since the epoch; left out: now. */
  readonly at?: number;
  /** Signed with; left out: the app's own secret. */
  readonly secret?: string;
  /** Changes headers; an empty one is left out. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Slack's signature, version v0, of a body. */
export function signInteraction(secret: string, at: number, body: string): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${at}:${body}`).digest("hex")}`;
}

interface Button {
  readonly action_id?: string;
  readonly value?: string;
}

/** The call that Slack makes for a press: its body and headers. */
export function interaction(
  press: Press,
  app: { readonly team: string; readonly id: string; readonly signingSecret: string },
): { readonly body: string; readonly headers: Record<string, string> } {
  const { message, user, action } = press;
  const button = (message.blocks as { elements?: readonly Button[] }[])
    .flatMap(({ elements }) => elements ?? [])
    .find(({ action_id }) => action_id === action);
  const value = press.value ?? button?.value;
  const payload = {
    type: "block_actions",
    api_app_id: app.id,
    token: "a-verification-token-that-nobody-should-use",
    // No two presses are one: Slack names each.
    trigger_id: `1.2.${randomUUID()}`,
    team: { id: app.team, domain: "example" },
    user: { id: user, username: "somebody", team_id: app.team },
    channel: { id: message.channel, name: "approvals" },
    container: {
      type: "message",
      message_ts: message.ts,
      channel_id: message.channel,
      is_ephemeral: false,
    },
    message: { ts: message.ts, blocks: message.blocks },
    response_url: "https://hooks.slack.com/actions/somewhere-that-nobody-should-call",
    actions: [
      {
        action_id: action,
        block_id: "b1",
        type: "button",
        action_ts: "1.2",
        ...(value === undefined ? {} : { value }),
      },
    ],
    ...press.change,
  };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const at = press.at ?? Math.floor(Date.now() / 1000);
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "x-slack-request-timestamp": String(at),
    "x-slack-signature": signInteraction(press.secret ?? app.signingSecret, at, body),
    ...press.headers,
  };
  return { body, headers: Object.fromEntries(Object.entries(headers).filter(([, text]) => text !== "")) };
}
