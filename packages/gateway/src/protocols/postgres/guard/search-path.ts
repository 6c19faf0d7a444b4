/**
 * The schemas of a search path as its setting's text gives them (manual, "search_path"): names separated by commas,
 * folded to lower case unless quoted. Beyond ASCII nothing is folded, and nothing is a blank: the session's encoding is
 * UTF-8 (scansup.c, `downcase_identifier` and `scanner_isspace`). The vertical tab is a blank to some versions alone.
 * @returns undefined where the text is none
 */
export function pathOf(text: string): readonly string[] | undefined {
  if (/^[ \t\n\r\f]*$/u.test(text)) return [];
  const schemas: string[] = [];
  const item = /[ \t\n\r\f]*(?:"((?:[^"]|"")*)"|([^ \t\n\v\r\f",]+))[ \t\n\r\f]*(,|$)/uy;
  for (;;) {
    const found = item.exec(text);
    if (found === null) return undefined;
    const [, quoted, bare = "", separator] = found;
    schemas.push(
      quoted === undefined
        ? bare.replaceAll(/[A-Z]/gu, (letter) => letter.toLowerCase())
        : quoted.replaceAll('""', '"'),
    );
    if (separator === "") return schemas;
  }
}

/** Searched last by name, so that a temporary table never stands in for a real one. */
export const TEMPORARY_SCHEMA = "pg_temp";

/**
 * Whether names are looked up as the guard takes them to be: along the path that the gateway fixed, or along none, where
 * every name without a schema is the catalogue's or unknown.
 * @param pinned the schemas that the gateway fixed, the one of temporary tables behind them left out
 */
export function isPinnedPath(schemas: readonly string[], pinned: readonly string[]): boolean {
  if (schemas.length === 0 || (schemas.length === 1 && schemas[0] === "")) return true;
  const whole = [...pinned, TEMPORARY_SCHEMA];
  return schemas.length === whole.length && schemas.every((schema, at) => schema === whole[at]);
}
