import type { McpCover } from "./act.ts";
import type { NamedScope, Verdict } from "../../gate/protocol.ts";
import { compileScopes } from "./compile.ts";
import { verdictOf } from "./judge.ts";
import { readMessage } from "../../gate/web/mcp/message.ts";
import type { McpScope } from "./scope.ts";

/** A try-out for `mayflyd judge`: each act is one JSON-RPC message. */
export function trial(scopes: readonly NamedScope<McpScope>[]): (act: string) => Verdict<McpCover> {
  const compiled = compileScopes(scopes);
  return (text) => {
    const message = readMessage(Buffer.from(text));
    if (!("why" in message)) return verdictOf(compiled, { message });
    return {
      kind: "deny",
      denial: {
        rule: `${scopes[0]?.name.split("/")[0] ?? ""}: message`,
        message: `refused: ${message.why}`,
        remedy: "correct",
        hint: "an act is one JSON-RPC 2.0 message",
      },
    };
  };
}
