/**
 * A copy of a text that was cut out of a longer one. V8 keeps a piece of 13 characters or more as a reference into the
 * text that it was cut from: who holds the piece for long would hold all of that.
 */
export function ownText(text: string): string {
  // Joined with another, a text is written anew once a part of it is asked for.
  return ` ${text}`.slice(1);
}
