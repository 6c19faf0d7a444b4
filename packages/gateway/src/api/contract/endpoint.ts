import type { Credential } from "../../gate/web/credential.ts";
import type { Readable } from "node:stream";
import type * as z from "zod";
import type { NewRecord } from "../../audit/records.ts";
import type { CurrentSession } from "../../identity/people.ts";
import type { Principal, Verified } from "../../identity/principal.ts";
import type { EndpointId } from "../roles.ts";
import type { ApiServices } from "../services.ts";

/** What a handler answers. The body passes its schema, which drops whatever it does not list. */
export interface EndpointResponse {
  readonly status: number;
  readonly body?: unknown;
  /** In the place of a body: sent as it comes, at the client's pace, and destroyed when the client goes. */
  readonly stream?: Readable;
  /** In the place of the media type that the endpoint declares, where one endpoint has answers of several kinds. */
  readonly mediaType?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

/** What a handler is given, whoever calls. */
export interface OpenCall<P = unknown, Q = unknown, H = unknown, B = unknown> {
  readonly services: ApiServices;
  readonly params: P;
  readonly query: Q;
  readonly headers: H;
  readonly body: B;
  /** The body's text as it came, of an endpoint that takes a form: what a signature is over. */
  readonly raw?: string;
  /** SHA-256, base64url, of the body as it came, of an endpoint that takes signed ones. */
  readonly bodyDigest?: string;
  /** The access token and how it was shown, where one authenticated the request. */
  readonly credential: Credential | undefined;
  /** Names and values of the headers in turn, as they came: for cookies, and for what a signature is over. */
  readonly rawHeaders: readonly string[];
  /** The client's address as the socket knows it: no header can change it. */
  readonly address: string;
  /**
   * Takes one of the sign-ins that the client's address may try.
   * @returns false when it has none left
   */
  takeSignIn(): boolean;
  /**
   * Takes one of the times that the client's address may be handed the public client.
   * @returns 0, or milliseconds until there is one
   */
  takeRegistration(): number;
  /**
   * Takes one of the messages of the identity provider's that the client's address may send without proving to be it.
   * @returns 0, or milliseconds until there is one
   */
  takeSignal(): number;
  /** Gives it back: it was one. */
  giveSignal(): void;
  /** Records a refusal that anybody can cause, as often as is bearable: see limited-records.ts. */
  recordRefusal(record: NewRecord): void;
  /** Aborts when the client goes or the gateway stops. */
  readonly signal: AbortSignal;
  /** Counts a long poll: the function that ends it. @throws ApiProblem 429 when there are too many */
  readonly startPoll: () => () => void;
  /**
   * Counts a stream that stays open, or work that reads much of the log: the function that ends it.
   * @throws ApiProblem 429 when the principal, or all together, have as many as they may
   */
  readonly startStream: (kind: StreamKind) => () => void;
}

/** What is known of a request before its body. */
export type Head = Pick<OpenCall, "services" | "rawHeaders" | "address" | "takeSignal" | "recordRefusal">;

/** What is streamed: each kind has its own bounds. */
export type StreamKind = "events" | "export" | "histogram";

/** What a handler of an authenticated endpoint is given. */
export interface Call<P = unknown, Q = unknown, H = unknown, B = unknown> extends OpenCall<P, Q, H, B> {
  readonly principal: Principal;
  /** The principal with when they proved who they are and how old their groups are: for `people.current`. */
  readonly verified: Verified;
  /** The browser session, where a cookie and no token authenticated the request. */
  readonly session?: CurrentSession;
  /** When the token expires, milliseconds since the epoch. */
  readonly tokenExpiresAt: number;
  /**
   * Who calls, verified again with the request's own headers: for what outlives the request's first moment.
   * @throws ApiProblem when they may no longer call this endpoint
   */
  readonly again: () => Promise<Principal>;
}

/** One answer in the document: its schema is JSON, or text where a media type is given. */
export interface AnswerSpec {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly mediaType?: string;
}

interface Common {
  readonly id: EndpointId;
  /** The name of the method in generated clients. */
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject | undefined;
  readonly query?: z.ZodObject | undefined;
  readonly headers?: z.ZodObject | undefined;
  readonly body?: z.ZodType | undefined;
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** Asks the provider (RFC 7662) about the token too, where that is configured: for what opens access. */
  readonly introspect?: boolean;
  /** For browsers, or for another protocol's clients: not in the document, and no part of the clients made from it. */
  readonly browser?: boolean;
  /** The body is a form (application/x-www-form-urlencoded), and nothing else is taken; `raw` of the call is its text. */
  readonly form?: boolean;
  /** The body stays as it came, a Buffer: its handler reads it. */
  readonly bytes?: boolean;
  /** A token's proof may cover the body too: the call has its digest. */
  readonly isSigned?: boolean;
  /** A bearer alone will do, and no cookie is looked at: the path of the metadata that its challenge names (RFC 9728). */
  readonly bearerOnly?: string;
  /** The largest body, bytes, where it is not the usual one. */
  readonly bodyLimit?: number;
  /** Of an open endpoint: throws to refuse a request by its head, so that nobody unknown has a large body read. */
  readonly beforeBody?: (head: Head) => void;
  /** A browser session alone will do: without one the answer is 401 `not_signed_in`. */
  readonly sessionOnly?: boolean;
}

/** One endpoint: the single source of its validation, its types and its part of the document. */
export type Endpoint =
  | (Common & { readonly open: true; handle(call: OpenCall): Promise<EndpointResponse> | EndpointResponse })
  | (Common & { readonly open: false; handle(call: Call): Promise<EndpointResponse> | EndpointResponse });

type Shape = z.ZodObject | undefined;
type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

interface Spec<
  P extends Shape,
  Q extends Shape,
  H extends Shape,
  B extends z.ZodType | undefined,
> extends Common {
  readonly params?: P;
  readonly query?: Q;
  readonly headers?: H;
  readonly body?: B;
}

/** Declares an endpoint for principals; the handler's arguments have the schemas' types. */
export function endpoint<
  P extends Shape = undefined,
  Q extends Shape = undefined,
  H extends Shape = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  spec: Spec<P, Q, H, B> & {
    handle(
      call: Call<Parsed<P>, Parsed<Q>, Parsed<H>, Parsed<B>>,
    ): Promise<EndpointResponse> | EndpointResponse;
  },
): Endpoint {
  // Here the types are erased: api.ts parses with these very schemas before it calls.
  return { ...spec, open: false };
}

/** Declares an endpoint that needs no token. */
export function openEndpoint<
  P extends Shape = undefined,
  Q extends Shape = undefined,
  H extends Shape = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  spec: Spec<P, Q, H, B> & {
    handle(
      call: OpenCall<Parsed<P>, Parsed<Q>, Parsed<H>, Parsed<B>>,
    ): Promise<EndpointResponse> | EndpointResponse;
  },
): Endpoint {
  return { ...spec, open: true };
}
