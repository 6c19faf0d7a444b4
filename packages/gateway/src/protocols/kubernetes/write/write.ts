import { wrong } from "../../../gate/hints.ts";
import type { RawAct } from "../act.ts";
import type { ResourceRequest } from "../request/read.ts";
import { assumedLive, lenient } from "./assumed.ts";
import { type BodyType, bodyTypeOf, parseBody } from "./body.ts";
import { applyJsonPatch, readSteps, type Step } from "./json-patch.ts";
import type { Live } from "./live.ts";
import { applyMergePatch, mergePatchBetween } from "./merge-patch.ts";
import { isObject, type JsonObject, member } from "./objects.ts";
import { clusterRefusal, conflict, notThis, otherObject, refused, type RefusedWrite } from "./refusals.ts";
import { shapeOf } from "./strategic-lists.ts";
import { applyStrategicPatch } from "./strategic-patch.ts";
import { NotUnderstood, Unapplied } from "./unapplied.ts";

/** What a write says, and what it makes of the object that it is about. */
export type Write = {
  /** What the client's body says, member by member: an object for each step of a JSON patch. */
  readonly said: readonly unknown[];
  /** Whether a step of it tests a value that is there, or carries it elsewhere. */
  readonly compares: boolean;
  /** Of a server-side apply: what is applied is joined by the cluster with what is there. */
  readonly isApply: boolean;
} & (RefusedWrite | ObjectWrite);

/** A write whose result can be judged. */
export type JudgedWrite = Extract<Write, ObjectWrite>;

/** A write with the object that results. */
export interface ObjectWrite {
  readonly kind: "object";
  /** The object as it is; undefined where there is none. */
  readonly before: JsonObject | undefined;
  /** The object as it will be; of a server-side apply what is applied. */
  readonly after: JsonObject;
  /** Whether it is of an object that nobody asked the cluster for, and may not be sent. */
  readonly isAssumed: boolean;
  /** What is sent: the result, or what makes it of the version that was judged. Undefined: the body as it came. */
  readonly sent: { readonly type: string; readonly bytes: Buffer } | undefined;
  /** The version that it is bound to; undefined: none, since nothing was there. */
  readonly version: string | undefined;
  /** Whether it may be made of a newer version if it finds one: the client named none. */
  readonly repeats: boolean;
}

/**
 * What a create, an update or a patch makes of the object that it is about.
 * @param live what the cluster says of that object; undefined where nobody asked it, as when an act is tried out: then of
 * an object that says nothing that could be told
 */
export function writeOf(
  act: Pick<RawAct, "headers" | "body">,
  request: ResourceRequest,
  live: Live | undefined,
): Write {
  const unread = (why: string): Write => ({
    ...refused(wrong(why)),
    said: [],
    compares: true,
    isApply: false,
  });
  if (act.body.kind === "none" || act.body.bytes.length === 0) return unread("a body is missing");
  const type = bodyTypeOf(act);
  const isPatch = request.verb === "patch";
  if (type === undefined || (type === "json") === isPatch)
    return unread(
      isPatch
        ? "a patch is sent as application/merge-patch+json, json-patch+json, strategic-merge-patch+json or apply-patch+yaml"
        : "the body's content type is not taken here; send application/json",
    );
  const body = parseBody(act.body.bytes);
  if (body === undefined) return unread("the body is no JSON that can be read in one way only");
  if (type !== "steps" && !isObject(body)) return unread("the body is no object");
  const steps = type === "steps" ? stepsOf(body) : [];
  if ("kind" in steps) return { ...steps, said: [], compares: true, isApply: false };
  const said = type === "steps" ? steps.map(saidBy) : [body];
  const compares = steps.some(({ op }) => ["test", "move", "copy"].includes(op));
  return { ...madeOf({ type, body, steps, said }, request, live), said, compares, isApply: type === "apply" };
}

/** A body as it was read. */
interface ReadBody {
  readonly type: BodyType;
  readonly body: unknown;
  readonly steps: readonly Step[];
  readonly said: readonly unknown[];
}

function stepsOf(body: unknown): readonly Step[] | RefusedWrite {
  try {
    return readSteps(body);
  } catch (error) {
    if (error instanceof NotUnderstood) return refused(wrong(error.message));
    throw error;
  }
}

function madeOf(
  read: ReadBody,
  request: ResourceRequest,
  live: Live | undefined,
): RefusedWrite | ObjectWrite {
  try {
    if (request.verb === "create") return whole(read.body as JsonObject, undefined, request);
    return changed(read, request, live);
  } catch (error) {
    if (error instanceof Unapplied) return clusterRefusal("Invalid", error.message);
    if (error instanceof NotUnderstood) return refused(wrong(error.message));
    throw error;
  }
}

function changed(
  read: ReadBody,
  request: ResourceRequest,
  live: Live | undefined,
): RefusedWrite | ObjectWrite {
  const { type, body, said } = read;
  const what = `${request.resource} ${JSON.stringify(request.name ?? "")}`;
  if (live?.kind === "unknown" || live?.kind === "unfit") {
    const why = `what would result of ${what} is not known: ${live.why}`;
    return live.kind === "unknown"
      ? clusterRefusal("ServiceUnavailable", why, "retry")
      : refused({ why, remedy: "operator" });
  }
  if (live?.kind === "forbidden")
    return refused({
      why: `the gateway's own account may not get ${what}, and so cannot tell what would result`,
      remedy: "operator",
    });
  if (live?.kind === "absent") {
    // A PUT and a server-side apply may create.
    if (type !== "apply" && type !== "json") return clusterRefusal("NotFound", `${what} not found`);
    return whole(body as JsonObject, undefined, request, type);
  }
  const isAssumed = live === undefined;
  const { object: before, version } = live ?? assumedLive(request);
  if (type === "json" || type === "apply")
    return whole(body as JsonObject, { object: before, version, isAssumed }, request, type);
  const made = applied(read, before, isAssumed);
  if (!isObject(made) || !isObject(member(made, "metadata"))) return notThis("the object's metadata");
  const meant = member(made["metadata"], "resourceVersion") ?? "";
  if (meant !== "" && meant !== version) return conflict(what);
  const bound = { ...made, metadata: { ...(made["metadata"] as JsonObject), resourceVersion: version } };
  const patch = mergePatchBetween(before, bound);
  // A patch that changes nothing else names the version all the same: a merge patch between equals would not.
  const metadata = { ...(isObject(patch["metadata"]) ? patch["metadata"] : {}), resourceVersion: version };
  const sent = { ...patch, metadata };
  const after = applyMergePatch(before, sent) as JsonObject;
  return (
    otherObject(after, request, before) ?? {
      kind: "object",
      before,
      after,
      isAssumed,
      sent: { type: "application/merge-patch+json", bytes: Buffer.from(JSON.stringify(sent)) },
      version,
      repeats: !namesVersion(said),
    }
  );
}

/** Applies a patch by its type. @throws Unapplied, NotUnderstood */
function applied({ type, body, steps }: ReadBody, before: JsonObject, isAssumed: boolean): unknown {
  if (type === "steps") return isAssumed ? lenient(before, steps) : applyJsonPatch(before, steps);
  if (type === "merge") return applyMergePatch(before, body);
  const shape = shapeOf(before["apiVersion"], before["kind"]);
  if (shape === undefined)
    throw new NotUnderstood(
      "objects of this kind take no strategic merge patch: send a merge patch (kubectl patch --type=merge)",
    );
  return applyStrategicPatch(before, body as JsonObject, shape);
}

/** What a step of a JSON patch says, as an object that holds its value at its path; null for what it takes away. */
function saidBy({ op, path, value }: Step): unknown {
  return path.reduceRight<unknown>(
    (inside, part) => (/^(?:-|\d+)$/.test(part) ? [inside] : { [part]: inside }),
    op === "remove" ? null : value,
  );
}

/** JSON that says the same when it is read as YAML 1.1, which folds lines within texts, and has more ends of lines. */
function asYaml(object: JsonObject): string {
  return JSON.stringify(object).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function namesVersion(said: readonly unknown[]): boolean {
  return said.some((each) => {
    const version = member(member(each, "metadata"), "resourceVersion");
    return version !== undefined && version !== null && version !== "";
  });
}

/** A write that says the whole object. */
function whole(
  body: JsonObject,
  live: { readonly object: JsonObject; readonly version: string; readonly isAssumed: boolean } | undefined,
  request: ResourceRequest,
  type: BodyType = "json",
): RefusedWrite | ObjectWrite {
  const isApply = type === "apply";
  const other = otherObject(body, request, live?.object);
  if (other !== undefined) return other;
  const metadata = member(body, "metadata") ?? {};
  if (!isObject(metadata)) return notThis("the object's metadata");
  const meant = member(metadata, "resourceVersion") ?? "";
  const what = `${request.resource} ${JSON.stringify(request.name ?? "")}`;
  // A version of nothing, or one that is not there, may be there when the write arrives.
  if (meant !== "" && request.verb !== "create" && meant !== live?.version) return conflict(what);
  const bound =
    live === undefined ? body : { ...body, metadata: { ...metadata, resourceVersion: live.version } };
  let sent: ObjectWrite["sent"];
  if (isApply) sent = { type: "application/apply-patch+yaml", bytes: Buffer.from(asYaml(bound)) };
  else if (live !== undefined && meant === "")
    sent = { type: "application/json", bytes: Buffer.from(JSON.stringify(bound)) };
  return {
    kind: "object",
    before: live?.object,
    after: body,
    isAssumed: live?.isAssumed === true,
    sent,
    version: live?.version,
    repeats: meant === "" && live !== undefined,
  };
}
