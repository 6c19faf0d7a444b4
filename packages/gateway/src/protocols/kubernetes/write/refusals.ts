import type { Fault } from "../../../gate/protocol.ts";
import { type Objection, wrong } from "../../../gate/hints.ts";
import type { ResourceRequest } from "../request/read.ts";
import { type JsonObject, member } from "./objects.ts";

/** A write that has no result that is certain. */
export interface RefusedWrite extends Objection {
  readonly kind: "refused";
  /** How the cluster would say it, where it would. */
  readonly fault?: Fault;
}

/** A refusal of the gateway's own. */
export const refused = (objection: Objection, fault?: Fault): RefusedWrite => ({
  kind: "refused",
  ...objection,
  ...(fault === undefined ? {} : { fault }),
});

/** A refusal that the cluster would give itself. @param code a reason of metav1.StatusReason */
export function clusterRefusal(
  code: string,
  why: string,
  remedy: Objection["remedy"] = "correct",
): RefusedWrite {
  return refused({ why, remedy }, { code, message: why });
}

/** The object is no longer, or not yet, the one that the client means. */
export const conflict = (what: string): RefusedWrite =>
  clusterRefusal(
    "Conflict",
    `${what}: the object has been modified; please apply your changes to the latest version and try again`,
  );

/** What stays as it is would be taken away or changed. */
export const notThis = (what: string): RefusedWrite =>
  refused(wrong(`the body takes away or changes ${what}`));

/** Why a result is not the object that the path names. */
export function otherObject(
  after: JsonObject,
  request: ResourceRequest,
  before: JsonObject | undefined,
): RefusedWrite | undefined {
  const metadata = member(after, "metadata");
  const [name, namespace] = [member(metadata, "name"), member(metadata, "namespace")];
  const inside = request.resource === "namespaces" && request.group === "" ? undefined : request.namespace;
  if (namespace !== undefined && namespace !== "" && namespace !== inside)
    return refused(wrong("the body names another namespace"));
  if (name !== undefined && name !== "" && request.name !== undefined && name !== request.name)
    return refused(wrong("the body names another object"));
  for (const part of ["apiVersion", "kind"]) {
    const [was, is] = [member(before, part), member(after, part)];
    if (was !== undefined && is !== undefined && was !== is) return notThis(`the object's ${part}`);
  }
  return undefined;
}
