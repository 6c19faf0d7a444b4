import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { GatewayProcess } from "./gateway.ts";

/** The secret of the event hook, as a configuration reads it from `HOOK_SECRET`. */
export const hookSecret = "typed into Okta, and not a token";

/** Lets Okta's event hooks in, and nothing else that the demo lets in. */
export function withEventHooks(text: string): string {
  const others = text.replace(/^ {2}signals:.*\n(?: {4,}.*\n)*/m, "");
  return others.replace(
    "identity:\n",
    "identity:\n  signals: { event_hooks: { secret: { env: HOOK_SECRET } } }\n",
  );
}

/** Reads a stream of events until the gateway ends it; `ended` is all that came, `soFar` what came until now. */
export function openStream(
  gateway: Pick<GatewayProcess, "url" | "caFile">,
  token: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly ended: Promise<string>; readonly soFar: () => string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL("/v1/events", gateway.url),
      {
        ca: readFileSync(gateway.caFile),
        agent: false,
        headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      },
      (incoming) => {
        let all = "";
        const ended = new Promise<string>((over) => {
          incoming.once("close", () => over(all));
        });
        incoming.setEncoding("utf8").on("data", (part: string) => (all += part));
        if (incoming.statusCode === 200) resolve({ ended, soFar: () => all });
        else reject(new Error(`no stream: ${incoming.statusCode}`));
      },
    );
    outgoing.once("error", reject);
    outgoing.end();
  });
}
