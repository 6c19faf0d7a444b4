import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";

/** An answer of the gateway's API. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** Whether a body of this type is one JSON text (RFC 8259, RFC 6839 section 3.1): an export is a line of JSON a record. */
const isOneJsonText = (type: string | undefined): boolean =>
  /^application\/(?:[a-z.-]+\+)?json *(?:;|$)/i.test(type ?? "");

/** Calls the gateway's API over HTTPS, trusting its local CA. @throws when there is no answer, or one that is not of its type */
export async function call(
  gateway: { readonly url: string; readonly caFile: string },
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const outgoing = request(new URL(path, gateway.url), {
    method,
    ca: readFileSync(gateway.caFile),
    agent: false,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(sent === undefined
        ? {}
        : { "content-type": "application/json", "content-length": String(Buffer.byteLength(sent)) }),
      ...headers,
    },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve).once("error", reject);
  });
  outgoing.end(sent);
  const incoming = await answer;
  const all = await text(incoming);
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: isOneJsonText(incoming.headers["content-type"]) && all !== "" ? JSON.parse(all) : all,
  };
}

/** The way into a grant, as the API hands it out. */
export interface Access {
  readonly grant: string;
  readonly secret: string;
  /** Empty where the protocol has none. */
  readonly dsn: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Asks for operations that need nobody's approval, and collects the way in. @throws Error when it is not given at once */
export async function getAccess(
  gateway: { readonly url: string; readonly caFile: string },
  token: string,
  connection: string,
  operations: readonly string[],
  ttl = "5m",
): Promise<Access> {
  const answer = await call(gateway, token, "POST", "/v1/requests", {
    connection,
    operations,
    reason: "TICKET-1 test",
    ttl,
  });
  const grant = (
    answer.body as {
      grant?: { id: string; access?: { secret?: string; dsn?: string; env?: Record<string, string> } };
    }
  ).grant;
  if (grant?.access?.secret === undefined) {
    throw new Error(`no access: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  return {
    grant: grant.id,
    secret: grant.access.secret,
    dsn: grant.access.dsn ?? "",
    env: grant.access.env ?? {},
  };
}
