/** Where an element of a document without comments begins and ends. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Every element of a well-formed document, by a reader of its own. */
export function spansOf(xml: string): readonly Span[] {
  const open: number[] = [];
  const spans: Span[] = [];
  for (const tag of xml.matchAll(/<(\/?)[A-Za-z][^>]*?(\/?)>/g)) {
    const end = tag.index + tag[0].length;
    if (tag[1] === "/") spans.push({ start: open.pop() ?? 0, end });
    else if (tag[2] === "/") spans.push({ start: tag.index, end });
    else open.push(tag.index);
  }
  return spans;
}

/** What may be done to a document, element by element. */
export const mutations: Readonly<Record<string, (xml: string, a: Span, b: Span) => string>> = {
  remove: (xml, a) => xml.slice(0, a.start) + xml.slice(a.end),
  repeat: (xml, a) => xml.slice(0, a.end) + xml.slice(a.start, a.end) + xml.slice(a.end),
  empty: (xml, a) =>
    xml.slice(0, a.start) + xml.slice(a.start, a.end).replace(/>.*<\//s, "></") + xml.slice(a.end),
  copyBefore: (xml, a, b) => xml.slice(0, b.start) + xml.slice(a.start, a.end) + xml.slice(b.start),
  copyInto: (xml, a, b) => {
    const inside = xml.indexOf(">", b.start) + 1;
    return xml.slice(0, inside) + xml.slice(a.start, a.end) + xml.slice(inside);
  },
  replace: (xml, a, b) => xml.slice(0, a.start) + xml.slice(b.start, b.end) + xml.slice(a.end),
  wrap: (xml, a, b) => {
    const tag = /<([^\s/>]+)/.exec(xml.slice(b.start))?.[1] ?? "a";
    const attributes = /<[^\s/>]+([^>]*?)\/?>/.exec(xml.slice(b.start))?.[1] ?? "";
    return `${xml.slice(0, a.start)}<${tag}${attributes}>${xml.slice(a.start, a.end)}</${tag}>${xml.slice(a.end)}`;
  },
};
