import { type Objection, neverGranted, wrong } from "../../../gate/hints.ts";
import { partsOf } from "./pointer.ts";
import type { ResourceRequest } from "./read.ts";

/** Labels of a namespace that say what its pods may do (Kubernetes: "Pod Security Admission"). */
const podSecurityLabel = /^pod-security\.kubernetes\.io\//;

/** Why a label or another member of this name is neither set nor taken away. */
export function judgeLabel(name: string): Objection | undefined {
  return podSecurityLabel.test(name)
    ? neverGranted("what a namespace's pods may do is the operator's to say")
    : undefined;
}

/**
 * Why a write could take a namespace's pod security away without naming it, or undefined: the stored object is not known
 * here, so nothing replaces its labels as a whole.
 * @param body an object, or a JSON patch's steps
 */
export function judgeNamespace(
  body: unknown,
  request: ResourceRequest,
  isApply: boolean,
): Objection | undefined {
  if (request.resource !== "namespaces" || request.group !== "" || request.verb === "create")
    return undefined;
  // An apply takes away what its field manager applied before, and a client chooses its manager's name.
  if (request.verb === "update" || isApply)
    return wrong(
      "a namespace written whole, by a PUT or a server-side apply, may lose labels that are left out: send a merge patch of what changes",
    );
  const replacesLabels = Array.isArray(body)
    ? body.some(stepReplacesLabels)
    : !keepsLabels(body) || hasDirective(body);
  return replacesLabels
    ? wrong("a namespace's labels are never replaced as a whole: write each label by its name")
    : undefined;
}

function stepReplacesLabels(step: unknown): boolean {
  const { op, path } = step as Record<string, unknown>;
  // An empty part is a member without a name, or nothing at all, as the cluster's version reads it.
  const [first, second, ...more] = partsOf(String(path)).filter((part) => part !== "");
  const isWhole =
    first === undefined ||
    (first === "metadata" && (second === undefined || (second === "labels" && more.length === 0)));
  return isWhole && op !== "test";
}

/** Whether what a merge does to labels, it does to each by its name. */
function keepsLabels(body: unknown): boolean {
  if (!isObject(body)) return false;
  const metadata = Object.hasOwn(body, "metadata") ? body["metadata"] : {};
  return isObject(metadata) && (!Object.hasOwn(metadata, "labels") || isObject(metadata["labels"]));
}

/** Whether a strategic merge says more than its values, as by `$patch` and `$retainKeys`; an order of lists takes nothing away. */
function hasDirective(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasDirective);
  if (!isObject(value)) return false;
  return Object.entries(value).some(
    ([name, each]) => (name.startsWith("$") && !name.startsWith("$setElementOrder/")) || hasDirective(each),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
