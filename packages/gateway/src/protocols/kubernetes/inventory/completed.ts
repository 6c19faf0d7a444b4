import type { KubernetesAct } from "../act.ts";
import { WRITING_VERBS } from "../request/never.ts";
import type { ResourceRequest } from "../request/read.ts";
import { assumedLive } from "../write/assumed.ts";
import { bodyTypeOf, parseBody } from "../write/body.ts";
import type { Live } from "../write/live.ts";
import { isWord } from "../standards/findings.ts";
import { isObject, type JsonObject, member } from "../write/objects.ts";
import { writeOf } from "../write/write.ts";
import type { SeenRequest } from "./seen-request.ts";

/** Whether a request writes an object. */
export const isWrite = (request: KubernetesAct["request"]): request is ResourceRequest =>
  !("why" in request) && request.kind === "resource" && WRITING_VERBS.includes(request.verb);

/** Whether it is a write, and no source shows what was written. */
export const isUnseen = ({ request, body }: KubernetesAct): boolean =>
  isWrite(request) && body.kind === "none";

/**
 * A request with what its source does not say of it, so that it can be judged: a write that is not shown writes nothing that
 * could be refused, and the object that it changes said nothing before.
 */
export function completed(seen: SeenRequest): KubernetesAct {
  const known = all.get(seen);
  if (known !== undefined) return known;
  const made = completedNow(seen);
  all.set(seen, made);
  return made;
}

/** A request is judged by many scopes. */
const all = new WeakMap<SeenRequest, KubernetesAct>();

function completedNow({ act, made }: SeenRequest): KubernetesAct {
  const { request } = act;
  if (!isWrite(request)) return act;
  const whole = isUnseen(act) ? withBody(act, request) : act;
  return { ...whole, write: writeOf(whole, request, liveOf(whole, request, made)) };
}

function withBody(act: KubernetesAct, request: ResourceRequest): KubernetesAct {
  const { metadata, ...rest } = assumedLive(request).object;
  const { namespace, name } = metadata as { readonly namespace?: string; readonly name?: string };
  const object = { ...rest, metadata: { name, namespace } };
  const isPlainPatch = request.verb === "patch" && bodyTypeOf(act) !== "apply";
  return {
    ...act,
    headers: isPlainPatch ? ["content-type", "application/merge-patch+json"] : act.headers,
    body: { kind: "read", bytes: Buffer.from(JSON.stringify(isPlainPatch ? {} : object)) },
  };
}

/** The object as it was; undefined: one of which a patch's steps find what they look for. */
function liveOf(act: KubernetesAct, request: ResourceRequest, made: boolean): Live | undefined {
  if (made) return { kind: "absent" };
  const type = bodyTypeOf(act);
  if (request.verb === "create" || type === "steps") return undefined;
  const body = bodyOf(act);
  const { object, version } = assumedLive(request);
  const said = member(member(body, "metadata"), "resourceVersion");
  const its = typeof said === "string" && said !== "" ? said : version;
  return {
    kind: "object",
    version: its,
    object: {
      ...object,
      ...kindOf(body),
      metadata: { ...(object["metadata"] as JsonObject), resourceVersion: its },
    },
  };
}

/** What kind of object a body says that it is. */
function kindOf(body: unknown): Readonly<Record<string, unknown>> {
  const [kind, apiVersion] = [member(body, "kind"), member(body, "apiVersion")];
  return { ...(kind === undefined ? {} : { kind }), ...(apiVersion === undefined ? {} : { apiVersion }) };
}

const bodyOf = ({ body }: KubernetesAct): unknown =>
  body.kind === "none" ? undefined : parseBody(body.bytes);

/** What can be a service account's name (RFC 1123): a scope takes others for patterns. */
const account = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u;

/** The service accounts that a write names where it is no word of somebody's: candidates for `service_accounts`. */
export function accountsIn(act: KubernetesAct): readonly string[] {
  const accounts = new Set<string>();
  const look = (value: unknown, inside: string | undefined): void => {
    if (Array.isArray(value)) for (const each of value) look(each, inside);
    if (!isObject(value)) return;
    for (const [name, each] of Object.entries(value)) {
      if (!/^serviceaccount(?:name)?$/iu.test(name) || typeof each !== "string") look(each, name);
      else if (!isWord(each, inside) && account.test(each)) accounts.add(each);
    }
  };
  look(bodyOf(act), undefined);
  return [...accounts].filter((name) => name !== "default").toSorted();
}
