import { INLINE_SCHEMA_COST } from "../../gate/bounds.ts";
import { denialOf } from "../../gate/hints.ts";
import type { Remedy, Verdict } from "../../gate/protocol.ts";
import { type Compiled, type CompiledTool, coversUri } from "./compile.ts";
import type { ClientMessage } from "../../gate/web/mcp/message.ts";

/** One message of a client, as it is judged. */
export interface McpAct {
  readonly message: ClientMessage;
  /** What was found of a call's arguments beforehand, by each tool that may decide: why they are refused, or undefined. */
  readonly found?: ReadonlyMap<CompiledTool, string | undefined>;
  /** Bytes of the message, where no schema that decides takes long; one that would is not asked. Left out: any is. */
  readonly bytes?: number;
}

/** What every holder of a grant may send: how a session begins, and lists, which show only what is granted. */
const open: ReadonlySet<string> = new Set([
  "initialize",
  "ping",
  "tools/list",
  "resources/list",
  "resources/templates/list",
  "prompts/list",
]);
const openNotifications: ReadonlySet<string> = new Set([
  "notifications/initialized",
  "notifications/cancelled",
  "notifications/progress",
  "notifications/roots/list_changed",
]);

/** What a grant covers, in words, for the hints of its denials. */
function coverWords(scopes: readonly Compiled[]): string {
  const covered = scopes
    .map(
      ({ name, tools, resources, prompts }) =>
        `${name} (${[...tools.keys(), ...resources, ...prompts].join(", ")})`,
    )
    .join("; ");
  return covered.length > 600 ? `${covered.slice(0, 600)}…` : covered;
}

/** Text of a message that a person may read in a denial. */
function shown(value: unknown): string {
  return typeof value === "string" ? value.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 128) : "(none)";
}

interface Failed {
  readonly rule: string;
  readonly why: string;
  /** How far it came: the further, the better the denial tells what is amiss. */
  readonly step: number;
  /** What can help; left out: another operation. */
  readonly remedy?: Remedy;
}

function judgeTool(scope: Compiled, { message: { params }, found, bytes }: McpAct): Failed | undefined {
  const { name, arguments: given = {} } = params;
  const tool = typeof name === "string" ? scope.tools.get(name) : undefined;
  if (tool === undefined) return { rule: "tools", why: `the tool ${shown(name)} is not granted`, step: 0 };
  const extra = Object.keys(params).find((key) => !["name", "arguments", "_meta"].includes(key));
  if (extra !== undefined)
    return { rule: "tools", why: `a call has no member ${shown(extra)}`, step: 1, remedy: "correct" };
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return { rule: "tools", why: "arguments must be an object", step: 1, remedy: "correct" };
  // Of an operation that is only looked at for a hint, what takes long is not done.
  const isDear = bytes !== undefined && tool.cost(bytes) > INLINE_SCHEMA_COST;
  const isJudged = found === undefined ? !isDear : found.has(tool);
  const judged = (): string | undefined => (found === undefined ? tool.check(given) : found.get(tool));
  const wrong = isJudged ? judged() : "the arguments were not judged";
  return wrong === undefined
    ? undefined
    : { rule: "tools", why: `${shown(name)}: ${wrong.replace(/^the body/, "the arguments")}`, step: 2 };
}

function judgeBy(scope: Compiled, act: McpAct): Failed | undefined {
  const { message } = act;
  const { method, params } = message;
  if (message.kind === "notification")
    return openNotifications.has(method)
      ? undefined
      : {
          rule: "methods",
          why: `${shown(method)} is no notification that is taken`,
          step: 0,
          remedy: "never",
        };
  if (open.has(method)) return undefined;
  if (method === "tools/call") return judgeTool(scope, act);
  if (method === "resources/read") {
    const { uri } = params;
    const extra = Object.keys(params).find((key) => !["uri", "_meta"].includes(key));
    if (extra !== undefined)
      return { rule: "resources", why: `a read has no member ${shown(extra)}`, step: 1, remedy: "correct" };
    return typeof uri === "string" && coversUri(scope.resources, uri)
      ? undefined
      : { rule: "resources", why: `the resource ${shown(uri)} is not granted`, step: 0 };
  }
  if (method === "prompts/get") {
    const { name, arguments: given = {} } = params;
    const extra = Object.keys(params).find((key) => !["name", "arguments", "_meta"].includes(key));
    if (extra !== undefined)
      return { rule: "prompts", why: `a prompt has no member ${shown(extra)}`, step: 1, remedy: "correct" };
    if (typeof given !== "object" || given === null || Array.isArray(given))
      return { rule: "prompts", why: "arguments must be an object", step: 1, remedy: "correct" };
    return typeof name === "string" && scope.prompts.has(name)
      ? undefined
      : { rule: "prompts", why: `the prompt ${shown(name)} is not granted`, step: 0 };
  }
  return { rule: "methods", why: `${shown(method)} is not granted`, step: 0, remedy: "never" };
}

/** What a grant's scopes make of a message: pure. */
export function verdictOf(scopes: readonly Compiled[], act: McpAct): Verdict {
  const { message } = act;
  let nearest: (Failed & { readonly name: string }) | undefined;
  for (const scope of scopes) {
    const failed = judgeBy(scope, act);
    if (failed === undefined) {
      const counts = message.kind === "request" && !open.has(message.method) && scope.budget !== undefined;
      return { verdict: "permit", operation: scope.name, ...(counts ? { budget: scope.budget } : {}) };
    }
    if (nearest === undefined || failed.step > nearest.step) nearest = { ...failed, name: scope.name };
  }
  const denial = denialOf({
    rule: `${nearest?.name ?? ""}: ${nearest?.rule ?? "methods"}`,
    message: `refused: ${nearest?.why ?? "nothing is granted"}`,
    remedy: nearest?.remedy ?? "ask",
    covers: coverWords(scopes),
    connection: scopes[0]?.name.split("/")[0] ?? "CONNECTION",
  });
  return { verdict: "deny", denial };
}

/**
 * Whether a grant covers a message as far as its names tell: for choosing among several grants. What a call's arguments
 * say is not looked at, since that may take long.
 */
export function coversCall(scopes: readonly Compiled[], message: ClientMessage): boolean {
  const all = new Map(scopes.flatMap(({ tools }) => [...tools.values()]).map((tool) => [tool, undefined]));
  return verdictOf(scopes, { message, found: all }).verdict === "permit";
}

/** Names of tools that any of a grant's scopes covers: one decision point serves both the list and the call. */
export function grantsTool(scopes: readonly Compiled[], name: string): boolean {
  return scopes.some(({ tools }) => tools.has(name));
}
