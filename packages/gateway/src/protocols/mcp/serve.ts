import { MAX_MCP_ANSWER_BYTES } from "../../gate/bounds.ts";
import type { Account } from "../../gate/web/sharing.ts";
import type { Permit } from "../../gate/permit.ts";
import type { WebSession } from "../../gate/gate.ts";
import type { Denial } from "../../gate/protocol.ts";
import type { Answer } from "../../gate/web/answers.ts";
import { denied, failure, initialized, result } from "./answers.ts";
import { type Compiled, coversUri } from "./compile.ts";
import {
  listedPrompt,
  problemOfDefinition,
  problemOfPrompt,
  promptPin,
  type ToolDefinition,
} from "./definitions.ts";
import { grantsTool, type McpAct } from "./judge.ts";
import type { ClientMessage } from "../../gate/web/mcp/message.ts";
import { definitionOf } from "./pins.ts";
import { cursorOf, listedResource, promptResult, readResult, toolResult } from "./results.ts";
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
  readonly account: Pick<Account, "heavy" | "hold" | "key">;
  /** Aborts when nobody waits for the answer any more, or may have it. */
  readonly ended: AbortSignal;
}

type Result = Readonly<Record<string, unknown>>;

/** The objects in a list of the upstream's. */
function itemsOf(answer: Result, member: string): readonly Result[] {
  const items: unknown = answer[member];
  return (Array.isArray(items) ? (items as unknown[]) : []).filter(
    (item): item is Result => typeof item === "object" && item !== null,
  );
}

async function listTools({ session, scopes, upstream, ended }: Served): Promise<Result> {
  const target = session.target as McpTarget;
  const tools = await (await upstream()).tools(ended);
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
  const { session, permit, message, upstream, ended } = served;
  const { id, method, params } = message;
  const name = String(params["name"]);
  const server = await upstream();
  const tools = await server.tools(ended);
  const problem = problemOfDefinition(
    session.target as McpTarget,
    tools.find((tool) => tool.name === name),
    name,
  );
  if (problem !== undefined) return denied(id, method, pinDenial(permit.operation, problem));
  const answer = await server.request(method, sentUp(message), ended);
  return passedOn(served, () => toolResult(answer));
}

/** Gives a prompt; one that an operator accepted, while its definition is still that one. */
async function getPrompt(served: Served): Promise<Answer> {
  const { session, permit, message, upstream, ended } = served;
  const { id, method, params } = message;
  const target = session.target as McpTarget;
  const name = String(params["name"]);
  const server = await upstream();
  if (promptPin(target, name) !== undefined) {
    const prompts = await server.prompts(ended);
    const problem = problemOfPrompt(
      target,
      prompts.find((prompt) => prompt.name === name),
      name,
    );
    if (problem !== undefined) return denied(id, method, pinDenial(permit.operation, problem));
  }
  const answer = await server.request(method, sentUp(message), ended);
  return passedOn(served, () => promptResult(answer));
}

/** A denial for a definition that is not the one that was accepted. */
function pinDenial(operation: string, problem: string): Denial {
  return {
    rule: `${operation}: pins`,
    message: `refused: ${problem}`,
    remedy: "operator",
    hint: "the gateway's operator accepts a definition by putting its digest into the connection's pins",
  };
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
  return made.body.length <= MAX_MCP_ANSWER_BYTES
    ? made
    : failure(200, id, -32_603, "the server's answer is larger than the gateway passes on; ask for less");
}

/** A result as it goes down: made in its principal's turn, and counted until it has gone. @throws Busy */
async function passedOn({ account, message: { id } }: Served, make: () => Result): Promise<Answer> {
  const made = await account.heavy.run(account.key, () => bounded(id, make()), "next");
  account.hold(made.body.length);
  return made;
}

/**
 * Answers one permitted request: by itself where it is about the session, else with what the upstream says, of which only
 * what is granted comes down.
 * @throws Error when the upstream fails
 */
export async function serve(served: Served): Promise<Answer> {
  const { session, permit, scopes, connection, message, upstream, ended } = served;
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
      const answer = await (await upstream()).request(method, sentUp(message), ended);
      const resources = itemsOf(answer, "resources")
        .filter(({ uri }) => typeof uri === "string" && scopes.some((each) => coversUri(each.resources, uri)))
        .map(listedResource);
      return bounded(id, { resources, ...cursorOf(answer) });
    }
    case "resources/templates/list":
      // A template stands for more than any list of URIs: none is passed on.
      return result(id, { resourceTemplates: [] });
    case "resources/read":
      return bounded(id, readResult(await (await upstream()).request(method, sentUp(message), ended)));
    case "prompts/list": {
      if (!has.prompts) return result(id, { prompts: [] });
      const answer = await (await upstream()).request(method, sentUp(message), ended);
      const prompts = itemsOf(answer, "prompts")
        .filter(({ name }) => typeof name === "string" && scopes.some((each) => each.prompts.has(name)))
        .flatMap((prompt) => listedPrompt(session.target as McpTarget, prompt as ToolDefinition) ?? []);
      return bounded(id, { prompts, ...cursorOf(answer) });
    }
    case "prompts/get":
      return getPrompt(served);
    default:
      // The judge permits no other method.
      throw new TypeError(`${method} is not served`);
  }
}
