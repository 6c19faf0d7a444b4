/** A tag, or what stands between two. */
interface Piece {
  readonly piece: string;
  readonly line: number;
}

/** The tags of an XML file and what stands between them, in order, without comments: no backtracking, whatever it holds. */
export function xmlPieces(xml: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let line = 1;
  let isComment = false;
  for (const [piece] of xml.matchAll(/<!--|-->|<[^<>]{0,1000}>|\n|[^<\n-]+|[<-]/g)) {
    if (piece === "<!--") isComment = true;
    else if (piece === "-->") isComment = false;
    else if (!isComment && piece !== "\n") pieces.push({ piece, line });
    line += piece.split("\n").length - 1;
  }
  return pieces;
}

/** An attribute's value in a tag. */
export function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}\\s{0,8}=\\s{0,8}(?:"([^"]*)"|'([^']*)')`, "i").exec(tag);
  return found?.[1] ?? found?.[2];
}
