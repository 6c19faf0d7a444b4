/** A text as one word of a POSIX shell (POSIX.1-2024, Shell Command Language, 2.2.2: single quotes). */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
