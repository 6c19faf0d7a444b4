import { INLINE_BODY_BYTES, MAX_MCP_ANSWER_BYTES } from "../../gate/bounds.ts";
import type { SharedUse } from "../../gate/web/sessions/sharing.ts";
import type { Permit } from "../../gate/permit.ts";
import type { WebSession } from "../../gate/gate.ts";
import type { Denial } from "../../gate/protocol.ts";
import type { LocalReply } from "../../gate/web/problem.ts";
import { denied, failure, initialized, result } from "./answers/answers.ts";
import {
  listedPrompt,
  problemOfDefinition,
  problemOfPrompt,
  promptPin,
  type ToolDefinition,
} from "./upstream/definitions.ts";
import type { Arguments, ListCover, McpAct, McpCover } from "./act.ts";
import type { ClientMessage } from "../../gate/web/mcp/message.ts";
import { definitionOf } from "./upstream/pins.ts";
import { cursorOf, listedResource, promptResult, readResult, toolResult } from "./answers/results.ts";
import type { McpTarget } from "./target.ts";
import type { Answer } from "./upstream/channel.ts";
import type { McpUpstream } from "./upstream/connect.ts";

/** A permitted request and what it is answered with. */
export interface Served {
  readonly session: WebSession<McpAct, McpCover>;
  /** Says what covers the request, and lets it go upstream once. */
  readonly permit: Permit<McpCover>;
  readonly connection: string;
  readonly message: Extract<ClientMessage, { kind: "request" }>;
  readonly upstream: () => Promise<McpUpstream>;
  readonly account: Pick<SharedUse, "heavy" | "hold" | "key">;
  /** Aborts when nobody waits for the answer any more, or may have it. */
  readonly ended: AbortSignal;
}

type Cover<Kind extends McpCover["kind"]> = Extract<McpCover, { readonly kind: Kind }>;
type Result = Readonly<Record<string, unknown>>;

/** The objects in a list of the upstream's. */
function itemsOf(answer: Result, member: string): readonly Result[] {
  const items: unknown = answer[member];
  return (Array.isArray(items) ? (items as unknown[]) : []).filter(
    (item): item is Result => typeof item === "object" && item !== null,
  );
}

/** Answers what is about the client's session with the gateway. */
async function aboutSession(
  { connection, message }: Served,
  { offers }: Cover<"session">,
): Promise<LocalReply> {
  const { id, method, params } = message;
  return result(id, method === "initialize" ? await initialized(connection, params, offers) : {});
}

/** Shows of a list what could be called, read or got. */
async function list(served: Served, cover: ListCover): Promise<LocalReply> {
  const { session, permit, message, upstream, ended } = served;
  const { id, method } = message;
  const target = session.target as McpTarget;
  const { what, cursor, isOffered, shows } = cover;
  if (what === "templates") return result(id, { resourceTemplates: [] });
  if (!isOffered) return result(id, { [what]: [] });
  const server = await upstream();
  if (what === "tools") {
    // The gateway asks by itself, as it does before each call.
    const tools = (await server.tools(ended))
      .filter(({ name }) => shows(name))
      .filter((tool) => problemOfDefinition(target, tool, tool.name) === undefined);
    // Nothing that no operator accepted: a model reads whatever stands there.
    return bounded(id, { tools: tools.map(definitionOf) });
  }
  const params = cursor === undefined ? {} : { cursor };
  const answer = await server.send(permit, { method, params, signal: ended, ...traced(served) });
  return passedOn(served, answer, (all) => listed(target, cover, all));
}

/** What of a list comes down. */
function listed(target: McpTarget, { what, shows }: ListCover, answer: Result): Result {
  const items = itemsOf(answer, what);
  const shown =
    what === "resources"
      ? items.filter(({ uri }) => typeof uri === "string" && shows(uri)).map(listedResource)
      : items
          .filter(({ name }) => typeof name === "string" && shows(name))
          .flatMap((prompt) => listedPrompt(target, prompt as ToolDefinition) ?? []);
  return { [what]: shown, ...cursorOf(answer) };
}

/** Calls a tool whose definition is still the one that was accepted. */
async function callTool(served: Served, cover: Cover<"tool">): Promise<LocalReply> {
  const { session, permit, message, upstream, ended } = served;
  const { id, method } = message;
  const server = await upstream();
  const tools = await server.tools(ended);
  const problem = problemOfDefinition(
    session.target as McpTarget,
    tools.find(({ name }) => name === cover.name),
    cover.name,
  );
  if (problem !== undefined) return denied(id, method, pinDenial(permit.operation, problem));
  const answer = await server.send(permit, {
    method,
    params: named(cover),
    signal: ended,
    ...traced(served),
  });
  return passedOn(served, answer, toolResult);
}

/** Gives a prompt; one that an operator accepted, while its definition is still that one. */
async function getPrompt(served: Served, cover: Cover<"prompt">): Promise<LocalReply> {
  const { session, permit, message, upstream, ended } = served;
  const { id, method } = message;
  const target = session.target as McpTarget;
  const server = await upstream();
  if (promptPin(target, cover.name) !== undefined) {
    const prompts = await server.prompts(ended);
    const problem = problemOfPrompt(
      target,
      prompts.find(({ name }) => name === cover.name),
      cover.name,
    );
    if (problem !== undefined) return denied(id, method, pinDenial(permit.operation, problem));
  }
  const answer = await server.send(permit, {
    method,
    params: named(cover),
    signal: ended,
    ...traced(served),
  });
  return passedOn(served, answer, promptResult);
}

async function readResource(served: Served, { uri }: Cover<"resource">): Promise<LocalReply> {
  const { permit, message, upstream, ended } = served;
  const server = await upstream();
  const answer = await server.send(permit, {
    method: message.method,
    params: { uri },
    signal: ended,
    ...traced(served),
  });
  return passedOn(served, answer, readResult);
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

/** The call's span, for the server. */
function traced({ session, permit }: Served): { readonly traceparent: string | undefined } {
  return { traceparent: session.trace?.leaving(permit.intent) };
}

/** A call's parameters as the server gets them: what was judged and written down, and no `_meta` of the client's. */
function named(cover: { readonly name: string; readonly arguments: Arguments | undefined }): Result {
  const { name, arguments: given } = cover;
  return given === undefined ? { name } : { name, arguments: given };
}

function bounded(id: string | number, value: Result): LocalReply {
  const made = result(id, value);
  return made.body.length <= MAX_MCP_ANSWER_BYTES
    ? made
    : failure(200, id, -32_603, "the server's answer is larger than the gateway passes on; ask for less");
}

/**
 * A result as it goes down: a large one is made in its principal's turn, and counted until it has gone.
 * @throws Busy
 */
async function passedOn(
  { account, message: { id } }: Served,
  { result: answer, bytes }: Answer,
  make: (answer: Result) => Result,
): Promise<LocalReply> {
  const made =
    bytes <= INLINE_BODY_BYTES
      ? bounded(id, make(answer))
      : await account.heavy.run(account.key, () => bounded(id, make(answer)), "next");
  account.hold(made.body.length);
  return made;
}

/**
 * Answers one permitted request: by itself where it is about the session, else with what the upstream says, of which only
 * what is granted comes down.
 * @throws Error when the upstream fails
 */
export function serve(served: Served): Promise<LocalReply> {
  const { cover } = served.permit;
  switch (cover.kind) {
    case "session":
      return aboutSession(served, cover);
    case "list":
      return list(served, cover);
    case "tool":
      return callTool(served, cover);
    case "resource":
      return readResource(served, cover);
    default:
      return getPrompt(served, cover);
  }
}
