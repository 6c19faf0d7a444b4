/** A line of a text, without the `\n` or `\r\n` that ends it. */
export interface TextLine {
  readonly text: string;
  /** Its number; the first is 1. */
  readonly line: number;
  /** Whether it was longer: the rest of it is left out. */
  readonly cut: boolean;
}

/** The longest line that is read whole, characters. */
const MAX_LINE_CHARACTERS = 16_777_216;

/** Cuts a text that comes in pieces into lines; what is kept of it in memory is one line of bounded length, and a piece. */
export async function* textLines(
  pieces: AsyncIterable<string>,
  maxCharacters: number = MAX_LINE_CHARACTERS,
): AsyncGenerator<TextLine> {
  let begun = "";
  let line = 1;
  /** Whether a text longer than the line may be was dropped. */
  let cut = false;
  const keep = (part: string): void => {
    // A return more than fits may be half of the line's end.
    const fits = maxCharacters + 1 - begun.length;
    cut ||= part.length > fits;
    begun += part.length > fits ? part.slice(0, fits) : part;
  };
  const take = (part: string): TextLine => {
    keep(part);
    let text = begun;
    if (text.endsWith("\r")) text = text.slice(0, -1);
    const isCut = cut || text.length > maxCharacters;
    if (isCut) text = text.slice(0, maxCharacters);
    begun = "";
    cut = false;
    return { text, line: line++, cut: isCut };
  };
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", start)) {
      yield take(piece.slice(start, end));
      start = end + 1;
    }
    if (start < piece.length) keep(piece.slice(start));
  }
  if (begun !== "") yield take("");
}
