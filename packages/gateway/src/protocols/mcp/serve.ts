import type { Permit } from "../../gate/permit.ts";
import type { WebSession } from "../../gate/gate.ts";
import type { Answer } from "../../gate/web/answers.ts";
import { denied, failure, initialized, result } from "./answers.ts";
import { type Compiled, coversUri } from "./compile.ts";
import { problemOfDefinition } from "./definitions.ts";
import { grantsTool, type McpAct } from "./judge.ts";
import type { ClientMessage } from "../../gate/web/mcp/message.ts";
import { definitionOf } from "./pins.ts";
import type { McpTarget } from "./target.ts";
import type { McpUpstream } from "./upstream.ts";

/** A permitted request and what it is answered with. */
export interface Served {
  readonly session: WebSession<McpAct>;
  readonly permit: Permit;
  readonly scopes: readonly Compiled[];
  readonly connection: string;
  readonly message: Extract<ClientMessage, { kind: "request" }>;
  readonly upstream: () => Promise<McpUpstream>;
}

/** The largest result, characters of JSON. */
const longest = 10_485_760;

type Result = Readonly<Record<string, unknown>>;

/** A list of the upstream's with only what `keeps`. */
function filtered(answer: Result, member: string, keeps: (item: Result) => boolean): Result {
  const items: unknown = answer[member];
  const kept = (Array.isArray(items) ? (items as unknown[]) : []).filter(
    (item): item is Result => typeof item === "object" && item !== null && keeps(item as Result),
  );
  const { nextCursor } = answer;
  return { [member]: kept, ...(typeof nextCursor === "string" ? { nextCursor } : {}) };
}

async function listTools({ session, scopes, upstream }: Served): Promise<Result> {
  const target = session.target as McpTarget;
  const tools = await (await upstream()).tools(session.ended);
  return {
    tools: tools
      .filter(
        (tool) => grantsTool(scopes, tool.name) && problemOfDefinition(target, tool, tool.name) === undefined,
      )
      // Nothing that no operator accepted: a model reads whatever stands there.
      .map(definitionOf),
  };
}

/** Calls a tool whose definition is still the one that was accepted. */
async function callTool(served: Served): Promise<Answer> {
  const { session, permit, message, upstream } = served;
  const { id, method, params } = message;
  const name = String(params["name"]);
  const server = await upstream();
  const tools = await server.tools(session.ended);
  const problem = problemOfDefinition(
    session.target as McpTarget,
    tools.find((tool) => tool.name === name),
    name,
  );
  if (problem !== undefined)
    return denied(id, method, {
      rule: `${permit.operation}: pins`,
      message: `refused: ${problem}`,
      remedy: "operator",
      hint: "the gateway's operator accepts a definition by putting its digest into the connection's pins",
    });
  return bounded(id, await server.request(method, sentUp(message), session.ended));
}

/** What of a request's parameters goes to the server: what was judged and written down, and no `_meta`. */
function sentUp({ method, params }: Served["message"]): Result {
  const names: Readonly<Record<string, readonly string[]>> = {
    "tools/call": ["name", "arguments"],
    "prompts/get": ["name", "arguments"],
    "resources/read": ["uri"],
    "resources/list": ["cursor"],
    "prompts/list": ["cursor"],
  };
  return Object.fromEntries(
    (names[method] ?? []).filter((name) => name in params).map((name) => [name, params[name]]),
  );
}

function bounded(id: string | number, value: Result): Answer {
  const made = result(id, value);
  return made.body.length <= longest
    ? made
    : failure(200, id, -32_603, "the server's answer is larger than the gateway passes on; ask for less");
}

/**
 * Answers one permitted request: by itself where it is about the session, else with what the upstream says, of which only
 * what is granted comes down.
 * @throws Error when the upstream fails
 */
export async function serve(served: Served): Promise<Answer> {
  const { session, permit, scopes, connection, message, upstream } = served;
  const { id, method, params } = message;
  permit.spend();
  const has = {
    tools: scopes.some(({ tools }) => tools.size > 0),
    resources: scopes.some(({ resources }) => resources.length > 0),
    prompts: scopes.some(({ prompts }) => prompts.size > 0),
  };
  switch (method) {
    case "initialize":
      return result(id, await initialized(connection, params, has));
    case "ping":
      return result(id, {});
    case "tools/list":
      return bounded(id, has.tools ? await listTools(served) : { tools: [] });
    case "tools/call":
      return callTool(served);
    case "resources/list": {
      if (!has.resources) return result(id, { resources: [] });
      const answer = await (await upstream()).request(method, sentUp(message), session.ended);
      const keeps = ({ uri }: Result): boolean =>
        typeof uri === "string" && scopes.some(({ resources }) => coversUri(resources, uri));
      return bounded(id, filtered(answer, "resources", keeps));
    }
    case "resources/templates/list":
      // A template stands for more than any list of URIs: none is passed on.
      return result(id, { resourceTemplates: [] });
    case "prompts/list": {
      if (!has.prompts) return result(id, { prompts: [] });
      const answer = await (await upstream()).request(method, sentUp(message), session.ended);
      const keeps = ({ name }: Result): boolean =>
        typeof name === "string" && scopes.some(({ prompts }) => prompts.has(name));
      return bounded(id, filtered(answer, "prompts", keeps));
    }
    default:
      return bounded(id, await (await upstream()).request(method, sentUp(message), session.ended));
  }
}
