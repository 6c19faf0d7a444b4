import { type Node, parseTree } from "jsonc-parser";

/** What stands where something was masked. */
const masked = '"***"';
/** Deeper answers are not masked, and so not given. */
const deepest = 128;

/** Finds the values that a pointer's parts lead to, every one of members that stand twice. */
function* find(node: Node, parts: readonly string[]): Generator<Node> {
  const [part, ...rest] = parts;
  if (part === undefined) {
    yield node;
    return;
  }
  for (const [index, child] of (node.children ?? []).entries()) {
    if (node.type === "array") {
      if (part === "*" || part === String(index)) yield* find(child, rest);
    } else if (node.type === "object") {
      const [name, value] = child.children ?? [];
      if (value !== undefined && (part === "*" || name?.value === part)) yield* find(value, rest);
    }
  }
}

/**
 * Masks values in a JSON answer, where they stand: everything else stays as it was, to the byte.
 * @param text the whole answer
 * @returns the answer without the values and which pointers met one; undefined when it is no JSON
 */
export function maskJson(
  text: string,
  pointers: readonly (readonly string[])[],
): { readonly text: string; readonly met: readonly string[] } | undefined {
  if (isDeep(text)) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const root = parseTree(text, [], { disallowComments: true });
  if (root === undefined) return undefined;
  const met: string[] = [];
  const spans: { readonly from: number; readonly to: number }[] = [];
  for (const pointer of pointers) {
    let found = false;
    for (const node of find(root, pointer)) {
      found = true;
      spans.push({ from: node.offset, to: node.offset + node.length });
    }
    if (found) met.push(`/${pointer.join("/")}`);
  }
  let out = "";
  let at = 0;
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    // Inside of what is masked already.
    if (from < at) continue;
    out += text.slice(at, from) + masked;
    at = to;
  }
  return { text: out + text.slice(at), met };
}

/** Whether brackets nest deeper than a walk should go. Brackets in strings count too, which only refuses more. */
function isDeep(text: string): boolean {
  let depth = 0;
  let most = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x5b || code === 0x7b) most = Math.max(most, (depth += 1));
    else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return most > deepest;
}
