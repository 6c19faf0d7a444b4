import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { OktaStandIn } from "@mayfly/okta-stand-in";
import { call, type ApiAnswer } from "./api.ts";
import type { Login } from "./people.ts";

interface Gateway {
  readonly url: string;
  readonly caFile: string;
}

/** Somebody signed in to the console, without a browser. */
export interface ConsoleSession {
  /** Calls the API as the console's pages do: by the session's cookie, with its csrf token. */
  call(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
}

/** Follows one address as a browser would, a redirect at a time; answers where it leads and the cookies it sets. */
function visit(
  gateway: Gateway,
  url: string,
  cookie: string,
): Promise<{ readonly location: string; readonly cookies: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(url, gateway.url),
      { ca: readFileSync(gateway.caFile), agent: false, headers: cookie === "" ? {} : { cookie } },
      (incoming) => {
        incoming.resume();
        const cookies = (incoming.headers["set-cookie"] ?? []).map((line) => line.split(";")[0] ?? "");
        incoming.once("end", () => resolve({ location: incoming.headers.location ?? "", cookies }));
      },
    );
    outgoing.once("error", reject);
    outgoing.end();
  });
}

/** Signs in to the console by OpenID Connect, playing the browser's part. @throws Error when it does not work */
export async function consoleSession(
  gateway: Gateway,
  okta: OktaStandIn,
  login: Login,
): Promise<ConsoleSession> {
  const begun = await visit(gateway, "/sign-in/oidc?return=/inbox", "");
  const callback = await okta.signIn(begun.location, login);
  const done = await visit(gateway, callback, begun.cookies.join("; "));
  const cookie = done.cookies.find((one) => one.startsWith("__Host-mayfly="));
  if (cookie === undefined) throw new Error(`${login} is not signed in: sent to ${done.location}`);
  const { body } = await call(gateway, undefined, "GET", "/v1/session", undefined, { cookie });
  const { csrf } = body as { csrf: string };
  const headers = {
    cookie,
    "x-mayfly-csrf": csrf,
    origin: new URL(gateway.url).origin,
    "sec-fetch-site": "same-origin",
  };
  return { call: (method, path, body) => call(gateway, undefined, method, path, body, headers) };
}
