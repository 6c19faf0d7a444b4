import { hasExactNumbers, parseStrictJson } from "../../../kernel/strict-json.ts";
import { hasMoreValues } from "../../../kernel/json-values.ts";
import { MAX_OBJECT_VALUES } from "../../../gate/bounds.ts";
import type { Upstream } from "../../../gate/web/proxy/upstream.ts";
import type { ResourceRequest } from "../request/read.ts";
import { isObject, type JsonObject, member } from "./objects.ts";

/** What the cluster says of the object that a write is about. */
export type Live =
  | { readonly kind: "object"; readonly object: JsonObject; readonly version: string }
  | { readonly kind: "absent" }
  /** The cluster does not let the gateway see it. */
  | { readonly kind: "forbidden" }
  /** There is no answer, or none that can be read in one way only. */
  | { readonly kind: "unknown"; readonly why: string }
  /** The object is not one that a write can be made of, now or later. */
  | { readonly kind: "unfit"; readonly why: string };

const MAX_DEPTH = 128;
/** A member of this name is no member of a plain object. */
export const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(["__proto__"]);

/**
 * Asks a cluster for the object that a request is about, on the gateway's own behalf. One answer in bounded size and time.
 * @param path the request's, without its query: `/apis/apps/v1/namespaces/shop/deployments/web`
 * @param weigh told how many bytes of the answer are about to be parsed; what it throws is thrown
 */
export async function readLive(
  { ask }: Pick<Upstream, "ask">,
  request: ResourceRequest,
  path: string,
  weigh: (bytes: number) => Promise<void>,
): Promise<Live> {
  let answer: Awaited<ReturnType<Upstream["ask"]>>;
  try {
    answer = await ask(path.split("/").slice(1));
  } catch {
    return { kind: "unknown", why: "the cluster gave no answer in time and size" };
  }
  const { status, text } = answer;
  if (status === 404) return { kind: "absent" };
  // What is done to an object by a PUT of its own, as KubeVirt's `restart`, cannot be read.
  if (status === 405 && request.subresource !== undefined) return { kind: "absent" };
  if (status === 401 || status === 403) return { kind: "forbidden" };
  if (status !== 200) return { kind: "unknown", why: `the cluster answered ${status}` };
  await weigh(Buffer.byteLength(text));
  return liveOf(text, request);
}

/** Reads an object as the cluster answered it. */
export function liveOf(text: string, { name, namespace, resource }: ResourceRequest): Live {
  const unknown = (why: string): Live => ({ kind: "unknown", why });
  if (hasMoreValues(Buffer.from(text), MAX_OBJECT_VALUES))
    return { kind: "unfit", why: `the object holds more than ${MAX_OBJECT_VALUES} values` };
  let object: unknown;
  try {
    object = parseStrictJson(text, MAX_DEPTH, FORBIDDEN_NAMES);
  } catch {
    return unknown("the cluster's answer can be read in two ways");
  }
  // What is sent is written again: a number that a double does not hold would be another one.
  if (!hasExactNumbers(text))
    return { kind: "unfit", why: "the object holds a number that cannot be carried exactly" };
  const metadata = member(object, "metadata");
  const [version, its] = [member(metadata, "resourceVersion"), member(metadata, "namespace")];
  if (!isObject(object) || member(metadata, "name") !== name)
    return unknown("the cluster answered another object");
  if (resource !== "namespaces" && its !== namespace) return unknown("the cluster answered another object");
  if (typeof version !== "string" || !/^.{1,256}$/.test(version) || version === "0")
    return unknown("the cluster says no version of the object");
  return { kind: "object", object, version };
}
