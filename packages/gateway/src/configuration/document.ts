import { isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Document, Node, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { Placed } from "./positions.ts";

/** A problem at an offset of the text, before it has a file, a line and a column. */
export interface TextProblem {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

/** A YAML text as plain values (objects without a prototype, arrays, scalars) and their places. */
export interface ReadDocument {
  readonly value: unknown;
  readonly root: Placed;
  readonly problems: readonly TextProblem[];
}

/** Bounds far beyond any hand-written configuration. */
const MAX_VALUES = 200_000;
const MAX_DEPTH = 40;
/** Maximum number of reported problems: after one syntax error, further ones say nothing new. */
const MAX_SYNTAX_PROBLEMS = 20;

// The library's messages may quote the source, which may hold a secret; these quote nothing.
const words: Readonly<Record<string, readonly [message: string, hint?: string]>> = {
  ALIAS_PROPS: ["an alias takes no anchor and no tag"],
  BAD_ALIAS: [
    "this alias or anchor has a bad name, or names nothing before it",
    "quote a text that starts with * or &",
  ],
  BAD_DIRECTIVE: ["YAML directives (lines that start with %) are not used here", "remove the line"],
  BAD_DQ_ESCAPE: [
    "this escape is unknown in a text between double quotes",
    "use single quotes, or write \\\\",
  ],
  BAD_INDENT: [
    "the indentation does not fit the lines around it",
    "is a bracket or a quote not closed before it?",
  ],
  BAD_SCALAR_START: ["a text cannot start with this character", "put the text between quotes"],
  BLOCK_AS_IMPLICIT_KEY: ["two keys stand on one line", "put a text that holds ': ' between quotes"],
  BLOCK_IN_FLOW: ["an indented block cannot stand between brackets"],
  KEY_OVER_1024_CHARS: ["this key is too long"],
  MISSING_CHAR: [
    "a character is missing: a colon, a comma, a space, a quote or a closing bracket",
    'a text that holds braces or brackets stands between quotes, as "GET /v1/invoices/{id}"',
  ],
  MULTILINE_IMPLICIT_KEY: [
    "a key must stand on one line, followed by a colon",
    "is a colon missing on this line or the one before?",
  ],
  MULTIPLE_ANCHORS: ["a value takes one anchor"],
  MULTIPLE_DOCS: ["the file holds several YAML documents", "keep one, without --- between"],
  MULTIPLE_TAGS: ["YAML tags are not used here"],
  NON_STRING_KEY: ["a key must be a plain text"],
  RESOURCE_EXHAUSTION: ["values are nested too deeply"],
  TAB_AS_INDENT: ["a tab stands where only spaces may", "indent with spaces"],
  TAG_RESOLVE_FAILED: [
    "YAML tags (words that start with !) are not used here",
    "quote a text that starts with !",
  ],
  UNEXPECTED_TOKEN: ["this does not fit here", "is a quote, a bracket or a comma missing before it?"],
};

function wordsFor(code: string): readonly [message: string, hint?: string] {
  return words[code] ?? ["this is not YAML"];
}

// Control characters, and characters that change the direction of text and so hide what is really written.
const forbidden = /(?![\t\n\r])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

/**
 * Reads a YAML 1.2 text. Duplicate keys, tags, directives, several documents, and aliases that expand beyond the bounds are
 * problems. Never throws.
 */
export function readDocument(text: string): ReadDocument {
  const nothing: Placed = { start: 0, end: text.length };
  const hidden = forbidden.exec(text);
  if (hidden !== null) {
    const code = hidden[0].codePointAt(0) ?? 0;
    return refused(
      hidden.index,
      `the character U+${code.toString(16).toUpperCase().padStart(4, "0")} is not allowed in a configuration`,
    );
  }
  let document: Document.Parsed;
  try {
    // Duplicate keys are found below: the library would compare each key with every other one.
    document = parseDocument(text, {
      version: "1.2",
      schema: "core",
      merge: false,
      uniqueKeys: false,
      prettyErrors: false,
    });
  } catch {
    return refused(0, "values are nested too deeply");
  }
  if (document.directives.yaml.explicit === true) return refused(0, ...wordsFor("BAD_DIRECTIVE"));
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    return {
      value: undefined,
      root: nothing,
      problems: syntax.slice(0, MAX_SYNTAX_PROBLEMS).map((error) => {
        const [message, hint] = wordsFor(error.code);
        return { offset: error.pos[0], message, ...(hint === undefined ? {} : { hint }) };
      }),
    };
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return refused(0, "the configuration is empty", "examples/minimal.yaml is a small one to start from");
  }
  return convert(document, text);

  function refused(offset: number, message: string, hint?: string): ReadDocument {
    return {
      value: undefined,
      root: nothing,
      problems: [{ offset, message, ...(hint === undefined ? {} : { hint }) }],
    };
  }
}

interface Converted {
  readonly value: unknown;
  readonly placed: Placed;
}

/** Ends the conversion of a document that grows or nests without bounds. */
class Unbounded extends Error {}

function convert(document: Document.Parsed, text: string): ReadDocument {
  const problems: TextProblem[] = [];
  const anchors = new Map<string, Node>();
  let values = 0;
  const problem = (offset: number, message: string, hint?: string): void => {
    problems.push({ offset, message, ...(hint === undefined ? {} : { hint }) });
  };
  const start = (node: Node | null, otherwise: number): number => node?.range?.[0] ?? otherwise;

  function read(node: Node | null, at: number, depth: number): Converted {
    values += 1;
    if (values > MAX_VALUES) {
      problem(
        start(node, at),
        "the file holds too many values (those of an alias count wherever it is used)",
      );
      throw new Unbounded();
    }
    if (depth > MAX_DEPTH) {
      problem(start(node, at), "values are nested too deeply");
      throw new Unbounded();
    }
    if (node === null) return { value: null, placed: { start: at, end: at } };
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) return { ...read(target, at, depth + 1) };
      problem(start(node, at), "this alias names nothing before it", "quote a text that starts with *");
      return { value: null, placed: { start: start(node, at), end: start(node, at) } };
    }
    if (node.tag !== undefined) problem(start(node, at), ...wordsFor("TAG_RESOLVE_FAILED"));
    const here = { start: start(node, at), end: node.range?.[1] ?? at };
    let result: Converted;
    if (isMap(node)) result = readMap(node, here, depth);
    else if (isSeq(node)) result = readSeq(node, here, depth);
    else result = readScalar(node, here);
    // Set after the contents are read, so that an alias inside its own anchor finds nothing.
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    return result;
  }

  function readScalar(node: Node, here: { start: number; end: number }): Converted {
    const value: unknown = isScalar(node) ? node.value : null;
    return { value, placed: typeof value === "string" ? { ...here, text: value } : here };
  }

  function readSeq(node: YAMLSeq, here: { start: number; end: number }, depth: number): Converted {
    const value: unknown[] = [];
    const children = new Map<string | number, Placed>();
    for (const [index, item] of node.items.entries()) {
      const inside = read(item as Node | null, here.start, depth + 1);
      value.push(inside.value);
      children.set(index, inside.placed);
    }
    return { value, placed: { ...here, children } };
  }

  function readMap(node: YAMLMap, here: { start: number; end: number }, depth: number): Converted {
    const value = Object.create(null) as Record<string, unknown>;
    const children = new Map<string | number, Placed>();
    for (const pair of node.items) {
      const keyNode = pair.key as Node | null;
      const keyAt = start(keyNode, here.start);
      const name = isScalar(keyNode) ? keyText(keyNode) : undefined;
      const inside = read(pair.value as Node | null, keyNode?.range?.[1] ?? keyAt, depth + 1);
      if (name === undefined) problem(keyAt, "a key must be a plain text");
      else if (name === "__proto__" || name === "<<") problem(keyAt, `${name} is not allowed as a key`);
      else if (children.has(name))
        problem(keyAt, "this key stands twice in the same mapping", "keep one of them");
      else {
        value[name] = inside.value;
        children.set(name, { ...inside.placed, key: keyAt });
      }
    }
    return { value, placed: { ...here, children } };
  }

  try {
    const { value, placed } = read(document.contents, 0, 0);
    return { value, root: placed, problems };
  } catch (thrown) {
    if (!(thrown instanceof Unbounded)) throw thrown;
    return { value: undefined, root: { start: 0, end: text.length }, problems };
  }
}

/** A key as written: `0123` and `1e5` are names here, not numbers. */
function keyText(node: Scalar): string | undefined {
  if (typeof node.value === "string") return node.value;
  return node.source === undefined || node.source === "" ? undefined : node.source;
}
