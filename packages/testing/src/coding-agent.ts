import { readFileSync } from "node:fs";
import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import { Agent, fetch as undiciFetch } from "undici";

/** A request that the tool made, to the gateway or to the provider, and its answer's status. */
export interface Made {
  readonly method: string;
  readonly url: string;
  readonly status: number;
}

/** A coding agent of the official SDK that knows nothing but a URL. */
export interface CodingAgent {
  /** What it made on the way. */
  readonly requests: readonly Made[];
  readonly client: Client;
  /** The client that it was handed, and its tokens, once it has them. */
  readonly registered: OAuthClientInformationMixed | undefined;
  readonly tokens: OAuthTokens | undefined;
  /** Where it sent its person's browser. */
  readonly authorization: URL | undefined;
  close(): Promise<void>;
}

/**
 * Connects one to `/mcp` of a gateway, signing in on the way by what the SDK discovers alone.
 * @param browse takes the browser from the authorization URL to where it is sent back
 * @param redirect where it is to be sent back
 */
export async function connectByUrlAlone(
  gateway: { readonly url: string; readonly caFile: string },
  browse: (url: string) => Promise<string>,
  redirect = "http://127.0.0.1:33418/callback",
): Promise<CodingAgent> {
  const agent = new Agent({ connect: { ca: readFileSync(gateway.caFile) } });
  const requests: Made[] = [];
  let registered: OAuthClientInformationMixed | undefined;
  let tokens: OAuthTokens | undefined;
  let authorization: URL | undefined;
  let verifier = "";
  const provider: OAuthClientProvider = {
    redirectUrl: redirect,
    clientMetadata: {
      client_name: "A coding agent",
      redirect_uris: [redirect],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    clientInformation: () => registered,
    saveClientInformation: (given) => void (registered = given),
    tokens: () => tokens,
    saveTokens: (given) => void (tokens = given),
    redirectToAuthorization: (url) => void (authorization = url),
    saveCodeVerifier: (given) => void (verifier = given),
    codeVerifier: () => verifier,
  };
  const fetchRecorded = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const answer = await undiciFetch(url, { ...init, dispatcher: agent } as Parameters<
      typeof undiciFetch
    >[1]);
    requests.push({ method: init?.method ?? "GET", url: String(url), status: answer.status });
    // One of Node's own: the SDK tells answers by their class.
    const { status, headers } = answer;
    return new Response(answer.body as ReadableStream | null, { status, headers: [...headers] });
  };
  const connect = async (): Promise<Client> => {
    const client = new Client({ name: "coding-agent", version: "1" });
    const transport = new StreamableHTTPClientTransport(new URL("/mcp", gateway.url), {
      authProvider: provider,
      fetch: fetchRecorded,
    });
    try {
      await client.connect(transport);
    } catch (error) {
      if (authorization === undefined) throw error;
      const code = new URL(await browse(authorization.href)).searchParams.get("code");
      await transport.finishAuth(code ?? "");
      await client.close();
      return connectAgain();
    }
    return client;
  };
  const connectAgain = async (): Promise<Client> => {
    const client = new Client({ name: "coding-agent", version: "1" });
    await client.connect(
      new StreamableHTTPClientTransport(new URL("/mcp", gateway.url), {
        authProvider: provider,
        fetch: fetchRecorded,
      }),
    );
    return client;
  };
  try {
    const client = await connect();
    return {
      requests,
      client,
      registered,
      tokens,
      authorization,
      async close() {
        await client.close();
        await agent.close();
      },
    };
  } catch (error) {
    await agent.close();
    throw error;
  }
}
