import type { Expr, TypeAndId } from "@cedar-policy/cedar-wasm/nodejs";

/**
 * The expressions directly inside one, in the order of the text. In Cedar's JSON syntax an operator is a key
 * (https://docs.cedarpolicy.com/policies/json-format.html); the content of `Record` must not be read as one, since its
 * keys are the author's.
 */
function children(expression: Expr): readonly Expr[] {
  const found: Expr[] = [];
  for (const [operator, content] of Object.entries(expression) as [string, unknown][]) {
    if (operator === "Value" || operator === "Var" || operator === "Slot") continue;
    if (typeof content !== "object" || content === null) continue;
    for (const [key, part] of Object.entries(content) as [string, unknown][]) {
      const isPattern = operator === "like" && key === "pattern";
      if (
        !isPattern &&
        typeof part === "object" &&
        part !== null &&
        !(operator === "has" && key === "attr")
      ) {
        found.push(part as Expr);
      }
    }
  }
  return found;
}

/** An attribute that is tested with `has`, for example `context has reason`. */
export interface HasTest {
  readonly variable: string;
  readonly attribute: string;
}

/** What a condition refers to. */
export interface References {
  /** Facts of `context` that it reads; `undefined` when it handles `context` as a whole. */
  readonly context: ReadonlySet<string> | undefined;
  readonly has: readonly HasTest[];
  readonly entities: readonly TypeAndId[];
  readonly slot: boolean;
  /** The operators and functions that it is made of. */
  readonly words: ReadonlySet<string>;
}

/** Collects what an expression refers to. */
export function references(expression: Expr): References {
  const context = new Set<string>();
  const has: HasTest[] = [];
  const entities: TypeAndId[] = [];
  const words = new Set<string>();
  let whole = false;
  let slot = false;
  const pending: Expr[] = [expression];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const word of Object.keys(node)) words.add(word);
    if ("Slot" in node) slot = true;
    if ("Var" in node && node.Var === "context") whole = true;
    if ("Value" in node) collectEntities(node.Value, entities);
    const tested = testedAttribute(node);
    if (tested !== undefined) has.push(tested);
    const fact = contextFact(node);
    if (fact === undefined) pending.push(...children(node).toReversed());
    else context.add(fact);
  }
  return { context: whole ? undefined : context, has, entities, slot, words };
}

/** The name behind `context.`, when the node is just that. */
function contextFact(node: Expr): string | undefined {
  if (!("." in node) || Array.isArray(node["."])) return undefined;
  const { left, attr } = node["."];
  return "Var" in left && left.Var === "context" ? attr : undefined;
}

function testedAttribute(node: Expr): HasTest | undefined {
  if (!("has" in node) || Array.isArray(node.has)) return undefined;
  const { left, attr } = node.has;
  const attribute = typeof attr === "string" ? attr : attr[0];
  if (attribute === undefined || !("Var" in left) || typeof left.Var !== "string") return undefined;
  return { variable: left.Var, attribute };
}

function collectEntities(value: unknown, into: TypeAndId[]): void {
  if (typeof value !== "object" || value === null) return;
  if ("__entity" in value) into.push(value.__entity as TypeAndId);
  else for (const part of Object.values(value)) collectEntities(part, into);
}

/** The parts of `a && b && c`, left to right; of anything else, itself alone. */
export function conjuncts(expression: Expr): readonly Expr[] {
  if (!("&&" in expression) || Array.isArray(expression["&&"])) return [expression];
  const { left, right } = expression["&&"];
  return [...conjuncts(left), ...conjuncts(right)];
}

/** How deep a JSON value is nested. */
export function depth(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let deepestChild = 0;
  for (const part of Object.values(value)) deepestChild = Math.max(deepestChild, depth(part));
  return deepestChild + 1;
}
