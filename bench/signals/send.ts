import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import type { OktaStandIn } from "@mayfly/okta-stand-in";
import { hookCall } from "../../packages/okta-stand-in/src/senders/event-hooks.ts";
import type { Access } from "@mayfly/testing/api.ts";
import type { GatewayProcess } from "@mayfly/testing/gateway.ts";
import { within } from "./bounded.ts";
import type { Channel } from "./combinations.ts";
import { now } from "@mayfly/testing/endless-upstreams.ts";

/** What the gateway and its senders have agreed on. */
export const agreed = {
  hookSecret: "typed into Okta, and not a token",
  ssfAuthorization: "Bearer agreed-with-the-transmitter",
  app: "0oabenchconsole",
} as const;

/** Whose access a signal takes: an agent that acts for a person. */
export interface Victim {
  readonly client: string;
  /** The person's login and their id at Okta. */
  readonly person: string;
  readonly uid: string;
}

/** What there is to cut. */
export interface Target {
  readonly victim: Victim;
  readonly access: Access;
  readonly token: string;
}

/** A signal that is signed and put together, and only has to be sent. */
interface Message {
  readonly method: "POST" | "DELETE";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How long the gateway may take to answer, milliseconds. */
const ANSWER_MS = 20_000;
/** Seconds that a revocation's JWT counts before and after it was made, as Okta's. */
const VALIDITY_S = 300;

/** Sends signals as Okta's senders do, over a connection that is open already. */
export interface Sender {
  /** Signs and puts together what ends a target, and warms the connection; its `send` says when the last byte went. */
  ready(channel: Channel, target: Target): Promise<{ send(): Promise<number> }>;
  close(): void;
}

/** @param operators tokens of those who may revoke, who take turns: the API lets each call so often */
export function signalSender(
  gateway: GatewayProcess,
  okta: OktaStandIn,
  operators: readonly string[],
): Sender {
  let turn = 0;
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(gateway.caFile) });
  const json = { "content-type": "application/json" };
  const url = (path: string): string => new URL(path, gateway.url).href;

  const messages: Readonly<Record<Channel, (target: Target) => Promise<Message>>> = {
    async event_hook({ victim }) {
      const event = {
        uuid: randomUUID(),
        published: new Date().toISOString(),
        eventType: "application.lifecycle.deactivate",
        target: [{ id: victim.client, type: "AppInstance" }],
      };
      return {
        method: "POST",
        path: "/v1/signals/event-hook",
        headers: { ...json, authorization: agreed.hookSecret },
        body: JSON.stringify(hookCall(okta.orgIssuer, randomUUID(), [event])),
      };
    },
    async global_token_revocation({ victim }) {
      const path = "/v1/signals/global-token-revocation";
      const iat = Math.floor(Date.now() / 1000);
      const claims = {
        jti: randomUUID(),
        iss: okta.orgIssuer,
        sub: agreed.app,
        aud: url(path),
        iat,
        nbf: iat - VALIDITY_S,
        exp: iat + VALIDITY_S,
      };
      const token = await okta.mint(claims, { typ: "global-token-revocation+jwt" });
      const subject = { format: "iss_sub", iss: okta.orgIssuer, sub: victim.uid };
      return {
        method: "POST",
        path,
        headers: { ...json, authorization: `Bearer ${token}` },
        body: JSON.stringify({ sub_id: subject }),
      };
    },
    async ssf({ victim }) {
      const path = "/v1/signals/ssf";
      return {
        method: "POST",
        path,
        headers: { "content-type": "application/secevent+jwt", authorization: agreed.ssfAuthorization },
        body: await okta.ssf.token(
          { url: url(path), audience: url(path) },
          { event: "sessionRevoked", subject: victim.uid },
        ),
      };
    },
    revoke: async ({ access }) => ({
      method: "POST",
      path: `/v1/grants/${access.grant}/revoke`,
      headers: { ...json, authorization: `Bearer ${operators[(turn += 1) % operators.length] ?? ""}` },
      body: JSON.stringify({ reason: "bench" }),
    }),
    release: async ({ access, token }) => ({
      method: "DELETE",
      path: `/v1/grants/${access.grant}`,
      headers: { authorization: `Bearer ${token}` },
    }),
  };

  /** @returns no later than the last byte was handed to the system, once the answer is there */
  function post({ method, path, headers, body }: Omit<Message, "method"> & { readonly method: string }) {
    const answered = new Promise<number>((resolve, reject) => {
      let sentAt = 0;
      const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
      const outgoing = request(url(path), { method, agent, headers: { ...headers, ...length } });
      outgoing.once("error", reject);
      outgoing.once("response", (answer) => {
        let text = "";
        answer.on("data", (part: Buffer) => (text = (text + String(part)).slice(0, 500)));
        answer.once("end", () => {
          if ((answer.statusCode ?? 500) < 300) resolve(sentAt);
          else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
        });
      });
      outgoing.end(body);
      sentAt = now();
    });
    return within(ANSWER_MS, `the answer to ${method} ${path}`, answered);
  }

  return {
    async ready(channel, target) {
      const message = await messages[channel](target);
      await post({ method: "GET", path: "/healthz", headers: {} });
      return { send: () => post(message) };
    },
    close: () => agent.destroy(),
  };
}
