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
 * The source of a regular expression (flag `u`) for what a reader does not see, or what acts on a terminal: control and format
 * characters (bidirectional, zero-width, tags, interlinear annotations), line and paragraph separators, private use, lone
 * surrogates, noncharacters, and whatever else Unicode lets a display ignore. The gateway has the same in
 * `kernel/invisible-characters.ts`, which neither can import from the other; `tests/unit/foreign-text.test.ts` holds them equal.
 */
export const UNSEEN: string = String.raw`(?=[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}])(?!${NEEDED}|${SHOWN})[^]`;

const unseenButLines = new RegExp(`(?![\\n\\t])${UNSEEN}`, "gu");
const unseen = new RegExp(UNSEEN, "gu");

/**
 * Text from elsewhere made safe for a terminal: an agent writes its own reason, and must not be able to move the
 * cursor, change colours, or reorder or hide what a reviewer reads.
 */
export function printable(text: string): string {
  return text.replaceAll(unseenButLines, escapeOf);
}

/** The escape of a character: `\u202e`, and `\u{e0041}` beyond the first plane. */
export function escapeOf(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex}`;
}

/** JSON whose strings hold such characters as escapes: to a parser it is the same. Line ends stand between them. */
export function safeJson(json: string): string {
  return json.replaceAll(unseen, (character) =>
    character === "\n"
      ? character
      : Array.from(
          { length: character.length },
          (_, at) => String.raw`\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
        ).join(""),
  );
}
