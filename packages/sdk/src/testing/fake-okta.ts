import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readJwt, type ReadJwt } from "../tokens/reading.ts";

/** One request to a token endpoint. */
export interface TokenRequest {
  readonly at: "org" | "custom";
  readonly form: Readonly<Record<string, string>>;
  /** The client's assertion, read. */
  readonly assertion: ReadJwt | undefined;
  /** The DPoP proof, read. */
  readonly proof: ReadJwt | undefined;
}

/** An answer to be given in place of the usual one. */
export interface Scripted {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

type Answer = Scripted | ((request: TokenRequest) => Scripted);

/** Token endpoints with Okta's paths and forms, which verify nothing and say what they are told to say. */
export interface FakeOkta {
  readonly org: string;
  readonly issuer: string;
  readonly asked: readonly TokenRequest[];
  /** The next answers of one server, in order; after them the usual ones. */
  script(at: TokenRequest["at"], ...answers: readonly Answer[]): void;
  /** What the metadata of both servers says beside, or in the place of, the usual. */
  alsoSays(members: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

/** A JWT that nobody signed. */
export function unsigned(claims: object, header: object = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256", kid: "k1", ...header })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** Starts it on 127.0.0.1. */
export async function fakeOkta(lifetime = 3600): Promise<FakeOkta> {
  const asked: TokenRequest[] = [];
  const scripts: Record<TokenRequest["at"], Answer[]> = { org: [], custom: [] };
  let count = 0;
  let also: Readonly<Record<string, unknown>> = {};
  const metadata = (issuer: string, token_endpoint: string): Scripted => ({
    status: 200,
    body: { issuer, token_endpoint, ...also },
  });
  const answerTo = async (request: IncomingMessage): Promise<Scripted> => {
    const { pathname } = new URL(request.url ?? "/", origin());
    if (pathname === "/.well-known/openid-configuration")
      return metadata(origin(), `${origin()}/oauth2/v1/token`);
    if (pathname === "/oauth2/aus1/.well-known/openid-configuration")
      return metadata(issuer(), `${issuer()}/v1/token`);
    const form = await read(request);
    const seen: TokenRequest = {
      at: pathname === "/oauth2/v1/token" ? "org" : "custom",
      form,
      assertion: readJwt(form["client_assertion"] ?? ""),
      proof: readJwt(String(request.headers["dpop"] ?? "")),
    };
    asked.push(seen);
    const next = scripts[seen.at].shift();
    return (typeof next === "function" ? next(seen) : next) ?? { status: 200, body: usual(seen) };
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status = 400, headers = {}, body } = await answerTo(request);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
  const server = createServer((request, response) => void serve(request, response));
  const usual = ({ form, proof }: TokenRequest): Scripted["body"] => {
    count += 1;
    const exp = Math.floor(Date.now() / 1000) + lifetime;
    const isIdJag = form["requested_token_type"]?.endsWith(":id-jag") === true;
    const type = isIdJag ? "N_A" : proof === undefined ? "Bearer" : "DPoP";
    return {
      access_token: unsigned({ jti: `${isIdJag ? "IDAAG" : "AT"}.${count}`, exp }),
      token_type: type,
      expires_in: lifetime,
      ...(isIdJag ? { issued_token_type: form["requested_token_type"] } : {}),
    };
  };
  const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = (): string => `${origin()}/oauth2/aus1`;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    org: origin(),
    issuer: issuer(),
    asked,
    alsoSays: (members) => void (also = members),
    script: (at, ...answers) => void scripts[at].push(...answers),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<Record<string, string>> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return Object.fromEntries(new URLSearchParams(text));
}
