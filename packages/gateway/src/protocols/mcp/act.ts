import type { ClientMessage } from "../../gate/web/mcp/message.ts";
import type { Compiled, CompiledTool } from "./compile.ts";

/** One message of a client, as it is judged. */
export interface McpAct {
  readonly message: ClientMessage;
  /** What was found of a call's arguments beforehand, by each tool that may decide: why they are refused, or undefined. */
  readonly found?: ReadonlyMap<CompiledTool, string | undefined>;
  /** Bytes of the message, where no schema that decides takes long; one that would is not asked. Left out: any is. */
  readonly bytes?: number;
}

/** What covers a permitted message, and all that is done under its permit. */
export type McpCover =
  /** About the client's session with the gateway: nothing of it goes to the server. */
  | { readonly kind: "session"; readonly offers: Offers }
  /** A list, of which only what any of the grant's scopes covers comes down. */
  | ListCover
  | {
      readonly kind: "tool";
      readonly scope: Compiled;
      readonly tool: CompiledTool;
      readonly name: string;
      readonly arguments: Arguments | undefined;
    }
  | { readonly kind: "resource"; readonly scope: Compiled; readonly uri: string }
  | {
      readonly kind: "prompt";
      readonly scope: Compiled;
      readonly name: string;
      readonly arguments: Arguments | undefined;
    };

/** A call's arguments, as they were judged. */
export type Arguments = Readonly<Record<string, unknown>>;

/** Which lists a grant fills. */
export interface Offers {
  readonly tools: boolean;
  readonly resources: boolean;
  readonly prompts: boolean;
}

/** What lists are of. */
export type Listed = keyof Offers | "templates";

/** A list that may be shown. */
export interface ListCover {
  readonly kind: "list";
  readonly what: Listed;
  /** Where the client wants it to go on: what a list before it gave. */
  readonly cursor: string | undefined;
  /** Whether the grant fills it at all. */
  readonly isOffered: boolean;
  /** Whether a name (of a resource its URI) is one that could be called, read or got by this grant. */
  readonly shows: (name: string) => boolean;
}
