/**
 * A reader of the part of XML 1.0 (fifth edition, with Namespaces in XML 1.0) in which no two parsers disagree:
 * elements, attributes, text, the five predefined entities and character references. The means of attacks on SAML are
 * refused: document types, entities, processing instructions, comments, CDATA, text between elements.
 */

/** One attribute; namespace declarations do not count as attributes. */
export interface XmlAttribute {
  readonly local: string;
  /** Empty for the usual attribute without a prefix. */
  readonly namespace: string;
  readonly value: string;
}

/** One element. It holds elements or text, never both. */
export interface XmlElement {
  readonly local: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /** The text of an element without children, exactly as written; empty otherwise. */
  readonly text: string;
}

/** Why a document was refused. The message quotes nothing from the document. */
export class XmlRefused extends Error {
  override readonly name: string = "XmlRefused";
}

/** More than any response needs, and few enough to verify in well under a second. */
const limits = { depth: 16, elements: 4_000, attributes: 32 } as const;

const xmlNamespace = "http://www.w3.org/XML/1998/namespace";
const xmlnsNamespace = "http://www.w3.org/2000/xmlns/";
const predefined: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

const ncName = "[A-Za-z_][A-Za-z0-9_.-]*";
const declaration =
  /^<\?xml version=(?:"1\.0"|'1\.0')(?: encoding=(?:"UTF-8"|'UTF-8'|"utf-8"|'utf-8'))?(?: standalone=(?:"yes"|"no"|'yes'|'no'))? ?\?>/;
const startTag = new RegExp(`<((?:${ncName}:)?${ncName})(?=[ \\t\\n/>])`, "y");
const endTag = new RegExp(`</((?:${ncName}:)?${ncName})[ \\t\\n]*>`, "y");
const attribute = new RegExp(
  `[ \\t\\n]+((?:${ncName}:)?${ncName})[ \\t\\n]*=[ \\t\\n]*(?:"([^"<\\t\\n]*)"|'([^'<\\t\\n]*)')`,
  "y",
);
const tagEnd = /[ \t\n]*(\/?)>/y;
const text = /[^<]*/y;
const reference = /&(?:([a-z]+)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&/g;
/** Everything that is not a character of XML 1.0 (section 2.2). */
const noCharacter = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const onlySpace = /^[ \t\n]*$/;

interface Open {
  readonly tag: string;
  readonly element: { -readonly [K in keyof XmlElement]: XmlElement[K] } & { children: XmlElement[] };
  /** Prefixes in force; the empty one is the default namespace. */
  readonly prefixes: ReadonlyMap<string, string>;
}

/**
 * Normalizes line ends (section 2.11). The same text must be verified and read.
 */
export function normalizeLines(xml: string): string {
  return xml.replaceAll(/\r\n?/g, "\n");
}

/**
 * Reads a document with normalized line ends.
 * @throws XmlRefused
 */
export function readXml(xml: string): XmlElement {
  if (!xml.isWellFormed() || noCharacter.test(xml))
    throw new XmlRefused("a character that XML does not have");
  if (xml.includes("\r")) throw new XmlRefused("lines that are not normalized");
  let at = declaration.exec(xml)?.[0].length ?? 0;
  const open: Open[] = [];
  let elements = 0;
  let root: XmlElement | undefined;

  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(xml);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };

  while (at < xml.length) {
    if (xml[at] !== "<") {
      const written = match(text)?.[0] ?? "";
      const holder = open.at(-1);
      if (holder === undefined) {
        if (!onlySpace.test(written)) throw new XmlRefused("text outside of the root element");
      } else {
        if (written.includes("]]>")) throw new XmlRefused("text that is not well-formed");
        const value = decode(written);
        if (holder.element.children.length === 0) holder.element.text = value;
        else if (!onlySpace.test(value)) throw new XmlRefused("text between elements");
      }
      continue;
    }
    const end = match(endTag);
    if (end !== null) {
      const closed = open.pop();
      if (closed === undefined || closed.tag !== end[1]) throw new XmlRefused("tags that do not match");
      continue;
    }
    const start = match(startTag);
    if (start === null) throw new XmlRefused(nameOfMarkup(xml.slice(at, at + 9)));
    if (root !== undefined && open.length === 0) throw new XmlRefused("more than one root element");
    elements += 1;
    if (elements > limits.elements) throw new XmlRefused("too many elements");
    if (open.length >= limits.depth) throw new XmlRefused("elements nested too deep");
    const written: [string, string][] = [];
    for (let found = match(attribute); found !== null; found = match(attribute)) {
      if (written.length >= limits.attributes) throw new XmlRefused("too many attributes");
      written.push([found[1] ?? "", decode(found[2] ?? found[3] ?? "")]);
    }
    const close = match(tagEnd);
    if (close === null) throw new XmlRefused("a tag that is not well-formed");
    const parent = open.at(-1);
    const next = elementOf(start[1] ?? "", written, parent?.prefixes ?? new Map([["xml", xmlNamespace]]));
    if (parent === undefined) root = next.element;
    else {
      if (!onlySpace.test(parent.element.text)) throw new XmlRefused("text between elements");
      parent.element.text = "";
      parent.element.children.push(next.element);
    }
    if (close[1] !== "/") open.push(next);
  }
  if (root === undefined || open.length > 0) throw new XmlRefused("a document that ends too early");
  return root;
}

/** Resolves prefixes (Namespaces in XML 1.0, sections 3 to 6). */
function elementOf(
  tag: string,
  written: readonly (readonly [string, string])[],
  inherited: ReadonlyMap<string, string>,
): Open {
  let prefixes: Map<string, string> | undefined;
  const plain: { readonly prefix: string; readonly local: string; readonly value: string }[] = [];
  const declared = new Set<string>();
  for (const [name, value] of written) {
    const [prefix, local] = splitName(name);
    if (prefix !== "xmlns" && name !== "xmlns") {
      plain.push({ prefix, local, value });
      continue;
    }
    const defines = prefix === "xmlns" ? local : "";
    if (declared.has(defines)) throw new XmlRefused("an attribute that stands twice");
    declared.add(defines);
    const reserved =
      defines === "xml" || defines === "xmlns" || value === xmlNamespace || value === xmlnsNamespace;
    if (reserved || (defines !== "" && value === ""))
      throw new XmlRefused("a namespace that may not be declared");
    prefixes ??= new Map(inherited);
    prefixes.set(defines, value);
  }
  const inForce = prefixes ?? inherited;
  const resolve = (prefix: string): string => {
    const namespace = inForce.get(prefix);
    if (namespace === undefined) throw new XmlRefused("a prefix without a namespace");
    return namespace;
  };
  const seen = new Set<string>();
  const attributes = plain.map(({ prefix, local, value }) => {
    const namespace = prefix === "" ? "" : resolve(prefix);
    const key = `${namespace} ${local}`;
    if (seen.has(key)) throw new XmlRefused("an attribute that stands twice");
    seen.add(key);
    return { local, namespace, value };
  });
  const [prefix, local] = splitName(tag);
  const namespace = prefix === "" ? (inForce.get("") ?? "") : resolve(prefix);
  return { tag, element: { local, namespace, attributes, children: [], text: "" }, prefixes: inForce };
}

function splitName(name: string): [prefix: string, local: string] {
  const colon = name.indexOf(":");
  return colon < 0 ? ["", name] : [name.slice(0, colon), name.slice(colon + 1)];
}

/** Replaces references. One that is not predefined, or names no character, is refused. */
function decode(written: string): string {
  if (!written.includes("&")) return written;
  return written.replaceAll(reference, (_, name?: string, decimal?: string, hexadecimal?: string) => {
    if (name !== undefined) {
      const character = predefined.get(name);
      if (character === undefined) throw new XmlRefused("an entity that is not predefined");
      return character;
    }
    const code =
      decimal === undefined ? Number.parseInt(hexadecimal ?? "", 16) : Number.parseInt(decimal, 10);
    // NaN for an ampersand that stands alone.
    if (!(code <= 0x10_ffff)) throw new XmlRefused("a reference that is not well-formed");
    const character = String.fromCodePoint(code);
    if (!character.isWellFormed() || noCharacter.test(character))
      throw new XmlRefused("a character that XML does not have");
    return character;
  });
}

function nameOfMarkup(start: string): string {
  if (start.startsWith("<?")) return "a processing instruction";
  if (start.startsWith("<!--")) return "a comment";
  if (start.startsWith("<![CDATA[")) return "a CDATA section";
  if (start.startsWith("<!")) return "a document type";
  return "a tag that is not well-formed";
}
