import { type Objection, notGranted, wrong } from "../../../gate/hints.ts";
import type { Fault } from "../../../gate/protocol.ts";
import { nameMatches } from "../request/glob.ts";
import type { ResourceRequest } from "../request/read.ts";
import type { KubernetesScope } from "../scope.ts";
import { excuseOf, type Finding, findingsIn, isWord } from "../standards/findings.ts";
import { judgeMasked } from "./masked.ts";
import { isOfTheOperator, judgeNamespaceLabels } from "./namespace-labels.ts";
import { folded, isObject, type JsonObject, member, type Path, saysTheSame, valueAt } from "./objects.ts";
import { judgeOwners } from "./owners.ts";
import { keepsPods, reachesPods } from "./pods.ts";
import { judgeSecret } from "./secrets.ts";
import type { JudgedWrite, Write } from "./write.ts";

/** Why a write is refused, and how the cluster would say it, where it would. */
export interface WriteObjection extends Objection {
  readonly fault?: Fault;
}

/**
 * Why a write is refused, or undefined: by the whole object that results, whatever the way there, compared with the object
 * that was. Whoever may write a workload runs what they like in it, with its namespace's configuration and secrets; that
 * it stays what it is, in its namespace, is what is judged here.
 */
export function judgeWrite(
  write: Write,
  request: ResourceRequest,
  scope: KubernetesScope,
): WriteObjection | undefined {
  const masked = Object.hasOwn(scope.mask, request.resource) ? scope.mask[request.resource] : undefined;
  if (masked !== undefined && request.verb !== "create") {
    const tells = judgeMasked(write, masked);
    if (tells !== undefined) return tells;
  }
  if (write.kind === "refused") return write;
  return (
    judgeCreation(write, request, scope) ??
    judgeOwners(write.before, write.after, scope) ??
    judgeObject(write, request, scope, masked !== undefined) ??
    (isNamespace(request) ? judgeNamespaceLabels(write.before, write.after) : undefined)
  );
}

/** A namespace, under OpenShift's name for it too. */
const isNamespace = ({ resource, group }: ResourceRequest): boolean =>
  (resource === "namespaces" && group === "") ||
  (resource === "projects" && group === "project.openshift.io");

/** A PUT and a server-side apply make an object that is not there; the API server asks for both verbs then. */
function judgeCreation(
  { before, isApply }: JudgedWrite,
  request: ResourceRequest,
  scope: KubernetesScope,
): WriteObjection | undefined {
  if (request.verb === "create") return undefined;
  const mayCreate = scope.verbs?.includes("create") === true;
  if (isApply && !mayCreate) return notGranted("what is applied may be created: create is not granted");
  if (before !== undefined) return undefined;
  const what = `${request.resource} ${JSON.stringify(request.name ?? "")} not found`;
  // What is about a part of an object, or is done to it, makes none.
  if (!mayCreate && request.subresource === undefined)
    return { ...wrong(what), fault: { code: "NotFound", message: what } };
  // Somebody may create it meanwhile, with labels that this write would take away.
  return isNamespace(request)
    ? wrong("a namespace that is not there is created by a POST (kubectl create -f)")
    : undefined;
}

/** Says of something that is refused whether the object had it before, and whether that excuses it. */
function excuses({ before, after }: JudgedWrite, request: ResourceRequest): (finding: Finding) => boolean {
  const same = (path: Path): boolean => saysTheSame(valueAt(before, path), valueAt(after, path));
  let isPodSame: boolean | undefined;
  return (finding) => {
    if (before === undefined || valueAt(before, finding.path) === undefined || !same(finding.path))
      return false;
    if (finding.excuse === "itself" || isInjected(finding, request, after)) return true;
    isPodSame ??= keepsPods(before, after, request);
    return isPodSame;
  };
}

/** The token that the cluster itself puts into each pod, for itself; one for anybody else is the pod's author's. */
function isInjected({ path }: Finding, { resource, group }: ResourceRequest, object: JsonObject): boolean {
  return (
    resource === "pods" &&
    group === "" &&
    path.at(-1) === "serviceAccountToken" &&
    (member(valueAt(object, path), "audience") ?? "") === ""
  );
}

function judgeObject(
  write: JudgedWrite,
  request: ResourceRequest,
  scope: KubernetesScope,
  isMasked: boolean,
): Objection | undefined {
  const { before, after } = write;
  if (request.resource === "secrets" && request.group === "") return judgeSecret(before, after);
  const findings: readonly Ruled[] = [...findingsIn(after), ...ruledIn(after, request, scope, isMasked)];
  const isExcused = excuses(write, request);
  for (const finding of findings)
    if (!isExcused(finding)) return { why: finding.why, remedy: finding.remedy ?? "never" };
  return write.isApply ? judgeJoined(write, request, scope, isMasked) : undefined;
}

/**
 * What a server-side apply is joined with: of what is applied to a pod's description the rest is the live object's, and
 * somebody else's program would have its rights.
 */
function judgeJoined(
  write: JudgedWrite,
  request: ResourceRequest,
  scope: KubernetesScope,
  isMasked: boolean,
): Objection | undefined {
  const { before, after } = write;
  if (before === undefined) return undefined;
  // What made it harmless may be what the apply takes away, also where it says nothing of pods.
  const exposed = findingsIn(withoutUserNamespaces(before));
  let findings: readonly Ruled[] = exposed;
  if (reachesPods(after, request)) findings = [...exposed, ...ruledIn(before, request, scope, isMasked)];
  else {
    const had = new Set(findingsIn(before).map(({ path }) => JSON.stringify(path)));
    findings = exposed.filter(({ path }) => !had.has(JSON.stringify(path)));
  }
  const live = findings.find((finding) => finding.excuse === "pod" && !isInjected(finding, request, before));
  return live === undefined
    ? undefined
    : { why: `the object that this is applied to has it: ${live.why}`, remedy: live.remedy ?? "never" };
}

function withoutUserNamespaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUserNamespaces);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) =>
      name === "hostUsers" ? [] : [[name, withoutUserNamespaces(each)]],
    ),
  );
}

interface Ruled extends Finding {
  readonly remedy?: Objection["remedy"];
}

/** What an object says that depends on its scope and its kind. */
function ruledIn(
  object: unknown,
  request: ResourceRequest,
  scope: KubernetesScope,
  isMasked: boolean,
): readonly Ruled[] {
  const isCore = request.group === "";
  const isStorage = request.resource === "persistentvolumes" && isCore;
  const findings: Ruled[] = [];
  const path: (string | number)[] = [];
  const judge = (written: string, value: unknown, inside: string | undefined): void => {
    const name = folded(written);
    const found = (why: string, excuse: Finding["excuse"], remedy?: Objection["remedy"]): void => {
      findings.push({
        path: [...path],
        why,
        excuse: excuseOf(value, excuse),
        ...(remedy === undefined ? {} : { remedy }),
      });
    };
    if (name === "serviceaccountname" || name === "serviceaccount") {
      if (!isWord(value, inside) && !isGrantedAccount(value, scope))
        found(
          isMasked
            ? "the service account that it runs as is not granted"
            : `service account ${JSON.stringify(value).slice(0, 80)} is not granted, and what is written would run as it`,
          "pod",
          "ask",
        );
    } else if (isOfTheOperator(written) && !isNamespace(request) && written.startsWith("pod-security."))
      found("what a namespace's pods may do is the operator's to say", "itself");
    else if (isStorage && name === "local" && isObject(value))
      found("local: a volume of the node's files is never written through a grant", "pod");
    else if (name === "nodename" && folded(inside ?? "") === "spec" && value !== null && value !== "")
      // A pod that is there says where it is, and stays there.
      found(
        "nodeName: it places a pod on a node, past every rule of the scheduler",
        request.resource === "pods" && isCore ? "itself" : "pod",
      );
  };
  const walk = (value: unknown, inside: string | undefined): void => {
    const entries = Array.isArray(value)
      ? [...value.entries()]
      : isObject(value)
        ? Object.entries(value)
        : [];
    for (const [name, each] of entries) {
      path.push(name);
      const known = findings.length;
      if (typeof name === "string") judge(name, each, inside);
      // What is refused whole is not looked into.
      if (findings.length === known) walk(each, typeof name === "string" ? name : inside);
      path.pop();
    }
  };
  walk(object, undefined);
  return findings;
}

function isGrantedAccount(value: unknown, scope: KubernetesScope): boolean {
  if (value === null || value === "" || value === "default") return true;
  return typeof value === "string" && scope.service_accounts.some((each) => nameMatches(each, value));
}
