import type { OperationDraft } from "../../../gate/inventory/inventory.ts";
import type { Names } from "../../../gate/inventory/operation-names.ts";
import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import { formatSize } from "../../../kernel/sizes.ts";
import { type BodyDraft, bodyOf } from "./bodies.ts";
import type { Endpoint, SeenItem } from "./endpoints.ts";
import { namesOf, queryOf } from "./parameters.ts";
import { isTime } from "./template.ts";
import { singular } from "../../../gate/inventory/singular.ts";
import { isPrefix, leads } from "./words.ts";

/** Some of the requests at an endpoint: those that one operation is to cover. */
export interface Member {
  readonly endpoint: Endpoint;
  readonly items: readonly SeenItem[];
}

type Kind = "read" | "create" | "change" | "delete";

function kindOf(method: string): Kind {
  if (method === "DELETE") return "delete";
  if (method === "POST") return "create";
  return method === "PUT" || method === "PATCH" ? "change" : "read";
}

/** The words of a template that say what it is about. */
const aboutOf = ({ parts }: Endpoint): readonly string[] =>
  parts.flatMap((part) => (part.kind === "word" && part.raw !== "" && !isPrefix(part.raw) ? [part.raw] : []));

/** What of a scope is not about one request alone: requests that have it in common may be in one operation. */
function sharedOf({ endpoint, items }: Member): Readonly<Record<string, unknown>> {
  const requests = items.map(({ request }) => request);
  const headers = [...new Set(requests.flatMap((request) => request.headers ?? []))].toSorted();
  const body = bodyOf(endpoint, items);
  return {
    query: queryOf(requests),
    ...(headers.length === 0 ? {} : { headers }),
    ...(body === undefined ? {} : { body: writtenBody(body) }),
    ...(requests.some(({ upgrade }) => upgrade !== undefined) ? { websocket: true } : {}),
  };
}

const writtenBody = ({ schema, max, types }: BodyDraft): object => ({
  ...(schema === undefined ? {} : { schema }),
  ...(max === undefined ? {} : { max: formatSize(max) }),
  types,
});

/**
 * Puts together what may be in one operation: reads, POST, changes and deletes apart, by what they are about, and only what takes the
 * same parameters, headers and bodies: an operation's are those of all its requests.
 */
export function clustersOf(members: readonly Member[]): readonly (readonly Member[])[] {
  return [
    ...Map.groupBy(members, (member) =>
      JSON.stringify([kindOf(member.endpoint.method), aboutOf(member.endpoint), sharedOf(member)]),
    ).values(),
  ].flatMap(inSteps);
}

/** The most endpoints of one operation. */
const MAX_ENDPOINTS = 50;

function inSteps(cluster: readonly Member[]): readonly (readonly Member[])[] {
  if (cluster.length <= MAX_ENDPOINTS) return [cluster];
  return [cluster.slice(0, MAX_ENDPOINTS), ...inSteps(cluster.slice(MAX_ENDPOINTS))];
}

/** The scope that covers a cluster, as a configuration writes it. */
export function scopeOf(cluster: readonly Member[]): Readonly<Record<string, unknown>> {
  const [first] = cluster;
  const templates = [...new Set(cluster.map(({ endpoint }) => endpoint.template))];
  return {
    // GET takes HEAD with it.
    requests: templates.filter(
      (text) => !text.startsWith("HEAD ") || !templates.includes(`GET ${text.slice(5)}`),
    ),
    ...(first === undefined ? {} : sharedOf(first)),
  };
}

/** The operation that covers a cluster, its name taken. */
export function draftOf(cluster: readonly Member[], taken: Names): OperationDraft {
  const scope = scopeOf(cluster);
  const [first] = cluster as readonly [Member, ...Member[]];
  const { endpoint } = first;
  const kind = kindOf(endpoint.method);
  const documented = cluster.length === 1 ? endpoint.documented?.operation : undefined;
  const hasName = documented !== undefined && documented.name !== nameOf(documented.requests[0] ?? "");
  const words = wordsOf(cluster, kind);
  return {
    name: taken.take(hasName ? documented.name : nameOf(words)),
    description: documented?.description ?? `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`,
    risk: riskOf(kind, cluster),
    scope,
  };
}

/** What is done, for people: `read customer orders`, `create order`, `cancel order`. */
function wordsOf(cluster: readonly Member[], kind: Kind): string {
  const [first] = cluster as readonly [Member, ...Member[]];
  // All things, where some of its requests are about one alone.
  const { endpoint } = cluster.find((member) => !isOfOne(member.endpoint)) ?? first;
  const words = aboutOf(endpoint)
    .map((word) => word.replaceAll(/[^\p{L}\p{N}]+/gu, " ").trim())
    .filter((word) => word !== "")
    .slice(-3);
  const last = words.at(-1);
  if (last === undefined) return `${kind} the start`;
  const owners = words.slice(0, -1).map(singular);
  const isOne = isOfOne(endpoint);
  if (kind !== "create") return [kind, ...owners, isOne ? singular(last) : last].join(" ");
  if (singular(last) !== last) return [isOne ? "post" : "create", ...owners, singular(last)].join(" ");
  return isStep(endpoint) ? [last, ...owners].join(" ") : ["post", ...owners, last].join(" ");
}

/** Whether it ends with what tells one thing from the others. */
function isOfOne({ parts }: Endpoint): boolean {
  const last = parts.at(-1);
  return last !== undefined && last.kind !== "word" && !isTime(last);
}

/** Whether it ends with a word behind one thing: `/orders/{order}/cancel`. */
const isStep = ({ parts }: Endpoint): boolean =>
  parts.at(-1)?.kind === "word" && (parts.at(-2)?.kind ?? "word") !== "word";

const nameOf = (words: string): string =>
  words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^-+|-+$/gu, "")
    // A name begins with a letter.
    .replace(/^(?=[^a-z])/u, "do-")
    .slice(0, 50)
    .replace(/-+$/u, "");

function riskOf(kind: Kind, cluster: readonly Member[]): OperationDraft["risk"] {
  if (kind === "delete") return "high";
  const names = cluster.flatMap((member) => [
    ...aboutOf(member.endpoint),
    ...namesOf(queryOf(member.items.map(({ request }) => request))),
  ]);
  const isOfPeople = cluster.some(({ endpoint }) =>
    endpoint.parts.some((part) => part.kind === "form" && part.form.name === "email"),
  );
  return kind !== "read" ||
    isOfPeople ||
    names.some((name) => sensitivityOf(name) !== undefined || leads(name))
    ? "medium"
    : "low";
}
