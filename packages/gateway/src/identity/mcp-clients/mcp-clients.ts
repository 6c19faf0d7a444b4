import { deadlineAfter, remaining } from "../../kernel/clock.ts";
import type { Clock, Deadline } from "../../kernel/clock.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { discoveryDocument } from "../provider/discovery.ts";
import type { Place } from "../provider/discovery.ts";
import { documentFetcher } from "../provider/document.ts";
import { providerFetch } from "../provider/transport.ts";
import type { Fetch } from "../provider/transport.ts";
import { register } from "./registration.ts";
import type { PublicClient, Registration, RegistrationRefusal } from "./registration.ts";
import { serverMetadata } from "./server-metadata.ts";
import type { ServerMetadata } from "./server-metadata.ts";

/** How long the provider's document is used before it is asked for again, milliseconds. */
const FRESH_MS = 3_600_000;
/** How long a failure is answered without a new request: callers are not authenticated yet. */
const FAILED_MS = 5_000;

/** How clients that know only the gateway's URL find the provider. */
export interface McpClients {
  /**
   * The document of the authorization server, under an issuer of the gateway's.
   * @throws MayflyError authorization_server_away, status 503
   */
  metadata(issuer: string): Promise<ServerMetadata>;
  /** Hands out the public client, or says why not. Keeps nothing. */
  register(asked: unknown): Registration | RegistrationRefusal;
}

export interface McpClientsOptions {
  /** The authorization server, and the CA of its certificate where it is not a public one. */
  readonly provider: Place & { readonly ca?: string };
  readonly client: PublicClient;
  /** Where clients register: the gateway's own endpoint. */
  readonly registration: string;
  readonly clock: Clock;
  /** How the provider is reached; left out, over HTTP. */
  readonly fetch?: Fetch;
  /** Told why the provider's document cannot be used, for operators. */
  readonly problem?: (message: string) => void;
}

/** Makes it lazily: the first call fetches the document, and concurrent calls share one request to the provider. */
export function createMcpClients(options: McpClientsOptions): McpClients {
  const { provider, client, registration, clock } = options;
  const fetchDocument = documentFetcher(options.fetch ?? providerFetch(provider.ca), clock);
  type Found = Readonly<Record<string, unknown>> | undefined;
  let known: { readonly document: Found; readonly until: Deadline } | undefined;
  let asking: Promise<Found> | undefined;

  async function ask(): Promise<Found> {
    let document: Found;
    try {
      document = await discoveryDocument(provider, fetchDocument);
      // Looked at here too: what cannot be used is asked for again soon.
      serverMetadata(document, provider, { issuer: "", registration, scopes: [] });
    } catch (error) {
      document = undefined;
      options.problem?.(messageOf(error));
    }
    known = { document, until: deadlineAfter(clock, document === undefined ? FAILED_MS : FRESH_MS) };
    asking = undefined;
    return document;
  }

  return {
    async metadata(issuer) {
      const isFresh = known !== undefined && remaining(clock, known.until) > 0;
      const document = isFresh ? known?.document : await (asking ??= ask());
      if (document === undefined)
        throw new MayflyError(
          "authorization_server_away",
          "the identity provider's metadata cannot be had, or cannot be used",
          { status: 503, hint: "try again in a moment; the operator sees the cause in the log" },
        );
      return serverMetadata(document, provider, { issuer, registration, scopes: client.scopes });
    },
    register: (asked) => register(asked, client, clock.wall()),
  };
}
