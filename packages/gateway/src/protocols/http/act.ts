import type { Compiled } from "./compile.ts";
import type { Prepared } from "./judge.ts";
import type { Template } from "./request/template.ts";

/** One request, as it is judged: what goes upstream, to the byte. */
export interface HttpAct {
  readonly method: string;
  /** What follows the connection in the request's target: path and query, as they came. */
  readonly target: string;
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[];
  readonly body: HttpBody;
  /** A protocol that the client asks to change to, in lower case. */
  readonly upgrade?: string;
  /** The verdict by the scopes of its own session, where it was found before the gate asks for it. */
  readonly prepared?: Prepared;
}

/** A request's body: none, read whole, or still on its way (its length, where it is declared). */
export type HttpBody =
  | { readonly kind: "none" }
  | {
      readonly kind: "read";
      readonly bytes: Buffer;
      /** The most that judging it by any one rule may cost on this thread; left out: anything. */
      readonly maxCost?: number;
    }
  | { readonly kind: "stream"; readonly length: number | undefined };

/** What covers a permitted request, found out once: whatever happens under its permit uses this. */
export interface HttpCover {
  /** The scope by which it leaves, with its mask and its limits. */
  readonly scope: Compiled;
  /** The line of the scope's `requests` that it matched. */
  readonly template: Template;
  readonly request: RequestLine;
  readonly headers: ForwardedHeaders;
}

/** A request's target, split at its question mark, to the byte. */
export interface RequestLine {
  readonly path: string;
  readonly query: string | undefined;
}

/** The headers of a request that go upstream by one scope: names as they came, the same in lower case, and values. */
export interface ForwardedHeaders {
  readonly raw: readonly string[];
  readonly names: readonly string[];
  readonly values: readonly string[];
}
