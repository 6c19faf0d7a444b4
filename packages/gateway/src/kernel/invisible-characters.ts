/** Scripts whose letters a joiner or a non-joiner joins or parts. */
const JOINING = [
  ..."Arabic Syriac Mongolian Nko Mandaic Manichaean Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu".split(
    " ",
  ),
  ..."Kannada Malayalam Sinhala Khmer Myanmar Tibetan".split(" "),
]
  .map((name) => `\\p{Script=${name}}`)
  .join("");

/** Joiners and selectors where they do what they are for: within an emoji, and among letters that join. */
const NEEDED = [
  String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})`,
  String.raw`(?<=\p{Extended_Pictographic})[\ufe0e\ufe0f]|(?<=[0-9#*])\ufe0f(?=\u20e3)`,
  `(?<=[${JOINING}]\\p{M}*)[\\u200c\\u200d](?=[${JOINING}])`,
].join("|");

/** Signs that Unicode counts as format characters and every font shows (Prepended_Concatenation_Mark). */
const SHOWN = String.raw`[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]`;

/**
 * What a reader does not see, or what acts on a terminal: control and format characters (bidirectional, zero-width, tags,
 * interlinear annotations), line and paragraph separators, private use, lone surrogates, noncharacters, and whatever else
 * Unicode lets a display ignore. They can forge a line, reverse text, or tell a machine what no person sees. The SDK has the
 * same in `recordings/printable.ts`; `tests/unit/foreign-text.test.ts` holds them equal.
 */
const UNSEEN = String.raw`(?=[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}])(?!${NEEDED}|${SHOWN})[^]`;
const LINES = String.raw`(?![\n\t])`;

const invisible = new RegExp(UNSEEN, "u");
const invisibleButLines = new RegExp(`${LINES}${UNSEEN}`, "u");
const everyInvisible = new RegExp(UNSEEN, "gu");
const everyInvisibleButLines = new RegExp(`${LINES}${UNSEEN}`, "gu");

/**
 * Whether a text contains invisible characters or lone surrogates.
 * @param lines "lines" allows line feeds and tabs
 */
export function hasInvisible(text: string, lines: "line" | "lines" = "line"): boolean {
  return (lines === "lines" ? invisibleButLines : invisible).test(text);
}

/** Blanks that look like a space but are not one. */
const strangeBlanks = /(?! )[\p{Z}\u2800]/gu;

const escapeOf = (found: string): string => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`;

/** Replaces every invisible or misleading character by its escape, for example `\u{202e}`: names, and what stands on one line. */
export function escapeInvisible(text: string): string {
  return text.replaceAll(everyInvisible, escapeOf).replaceAll(strangeBlanks, escapeOf);
}

/**
 * Text of others for a terminal, in lines: what is not seen, or acts on a terminal, is written as its escape.
 * @param escape of one character; left out: `\u{202e}`
 */
export function visibleLines(text: string, escape: (character: string) => string = escapeOf): string {
  return text.replaceAll(everyInvisibleButLines, (found) => escape(found));
}

/** Text of others with one blank in the place of each such character, for where an escape would be noise. */
export function blankInvisible(text: string): string {
  return text.replaceAll(everyInvisible, " ");
}

/** JSON whose strings hold such characters as escapes: to a parser it is the same. Line ends stand between them. */
export function visibleJson(json: string): string {
  return json.replaceAll(everyInvisible, (found) =>
    found === "\n"
      ? found
      : Array.from(
          { length: found.length },
          (_, at) => String.raw`\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`,
        ).join(""),
  );
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
/** Joiners, selectors and accents belong to the character before them. */
const combining = /[\p{M}\p{Default_Ignorable_Code_Point}]/gu;
/** White space, and the Braille pattern without a dot, which looks like it. */
const blanks = /[\s\u2800]+/gu;

/**
 * The number of characters that a person sees. A run of blanks counts as one, leading and trailing blanks do not count,
 * and combining characters count with the character before them.
 */
export function visibleLength(text: string): number {
  let seen = "";
  for (const { segment } of graphemes.segment(text)) {
    // A grapheme of several code points counts once.
    seen += String.fromCodePoint(segment.replaceAll(combining, "").codePointAt(0) ?? 0x20);
  }
  return Array.from(seen.replaceAll(blanks, " ").trim()).length;
}
