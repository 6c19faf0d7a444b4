import { type Objection, notGranted, wrong } from "../../../gate/hints.ts";
import { parseStrictJson } from "../../../kernel/strict-json.ts";
import type { KubernetesAct } from "../act.ts";
import { judgePrivilege } from "./privilege.ts";
import type { ResourceRequest } from "./read.ts";
import type { KubernetesScope } from "../scope.ts";

const MAX_DEPTH = 64;
const jsonTypes =
  /^application\/(?:json|json-patch\+json|merge-patch\+json|strategic-merge-patch\+json)\s*(?:;.*)?$/i;
const applyType = /^application\/apply-patch\+(?:yaml|cbor)\s*(?:;.*)?$/i;

function typeOf(act: KubernetesAct): string {
  for (let i = 0; i + 1 < act.headers.length; i += 2)
    if (act.headers[i]?.toLowerCase() === "content-type") return act.headers[i + 1] ?? "";
  return "";
}

/** A member of an object, where it is an object itself. */
function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/**
 * Why a request's body is refused, or undefined. Bodies are JSON that can be read in one way, and speak of the object
 * that the path names. Server-side apply sends JSON too, which is YAML, under a type of its own.
 */
export function judgeBody(
  act: KubernetesAct,
  request: ResourceRequest,
  scope: KubernetesScope,
): Objection | undefined {
  const { body } = act;
  const writes = ["create", "update", "patch"].includes(request.verb);
  if (body.kind === "none" || body.bytes.length === 0) return writes ? wrong("a body is missing") : undefined;
  if (!writes && request.verb !== "delete" && request.verb !== "deletecollection")
    return wrong(`${request.verb} has no body`);
  const type = typeOf(act);
  const isApply = applyType.test(type);
  if (!jsonTypes.test(type) && !(request.verb === "patch" && isApply && !/cbor/i.test(type)))
    return wrong("the body's content type is not taken here; send JSON");
  // Server-side apply makes an object that is not there; the API server asks for both verbs then.
  if (isApply && scope.verbs?.includes("create") !== true)
    return notGranted("what is applied may be created: create is not granted");
  let value: unknown;
  try {
    value = parseStrictJson(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body.bytes),
      MAX_DEPTH,
    );
  } catch {
    return wrong("the body is no JSON that can be read in one way only");
  }
  const isPatch = /^application\/json-patch\+json/i.test(type);
  if (Array.isArray(value) !== isPatch) return wrong(isPatch ? "the patch is no list" : "the body is a list");
  if (Array.isArray(value))
    return (
      judgePatch(value, Object.hasOwn(scope.mask, request.resource)) ??
      judgePrivilege(value, request, scope, false)
    );
  const metadata = member(value, "metadata");
  const [namespace, name] = [member(metadata, "namespace"), member(metadata, "name")];
  if (namespace !== undefined && namespace !== request.namespace)
    return wrong("the body names another namespace");
  if (name !== undefined && request.name !== undefined && name !== request.name)
    return wrong("the body names another object");
  return writes ? judgePrivilege(value, request, scope, isApply) : undefined;
}

/** A JSON patch (RFC 6902) does not move an object elsewhere, and reads nothing of one whose members are masked. */
function judgePatch(steps: readonly unknown[], isMasked: boolean): Objection | undefined {
  for (const step of steps) {
    const path = member(step, "path");
    if (typeof path !== "string") return wrong("a step of the patch has no path");
    // The cluster passes over what stands before the first slash.
    if (path !== "" && !path.startsWith("/")) return wrong("a path of the patch begins with no slash");
    if (isMasked && !["add", "remove", "replace"].includes(String(member(step, "op"))))
      return notGranted("a patch that copies, moves or tests could tell what is masked");
    if (path === "" || /^\/metadata(?:\/(?:name|namespace))?$/.test(path))
      return wrong("the patch names another object");
  }
  return undefined;
}
