/** What a line may hold: what is looked for stands at its beginning. */
const MAX_LINE_LENGTH = 64 * 1024;

/** A line of a file, with its number for people. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** The lines of a text; they end as on any system. */
export function linesOf(text: string): readonly Line[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((line, at) => ({ number: at + 1, text: line.slice(0, MAX_LINE_LENGTH) }));
}

/** A setting of a file with sections. */
interface Setting {
  /** Empty before the first section. */
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/**
 * The settings of a file with `[sections]` and `key = value` (INI, TOML's simple tables, Java's properties).
 * Comments begin with # or ; and quotes around a value are taken off.
 */
export function settingsOf(text: string): readonly Setting[] {
  const settings: Setting[] = [];
  let section = "";
  for (const { number, text: line } of linesOf(text)) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith(";")) continue;
    if (trimmed.startsWith("[")) {
      section = trimmed.slice(1, trimmed.lastIndexOf("]")).trim();
      continue;
    }
    const last = settings.at(-1);
    // An indented line goes on with the value before it (Python's configparser).
    if (/^\s/.test(line) && !trimmed.includes("=") && last?.section === section) {
      settings.push({ ...last, value: unquoted(trimmed), line: number });
      continue;
    }
    const equals = trimmed.includes("=") ? trimmed.indexOf("=") : trimmed.indexOf(":");
    const isSeparated = equals > 0;
    const key = isSeparated ? trimmed.slice(0, equals).trim() : trimmed;
    settings.push({
      section,
      key,
      value: isSeparated ? unquoted(trimmed.slice(equals + 1).trim()) : "",
      line: number,
    });
  }
  return settings;
}

/** A value without the quotes around it. */
export function unquoted(value: string): string {
  const quote = value[0];
  if ((quote !== '"' && quote !== "'") || value.length < 2 || !value.endsWith(quote)) return value;
  return value.slice(1, -1);
}

/** The settings by their section. */
export function sectionsOf(text: string): ReadonlyMap<string, ReadonlyMap<string, Setting>> {
  const sections = new Map<string, Map<string, Setting>>();
  for (const setting of settingsOf(text)) {
    const inSection = sections.get(setting.section) ?? new Map<string, Setting>();
    sections.set(setting.section, inSection);
    if (!inSection.has(setting.key)) inSection.set(setting.key, setting);
  }
  return sections;
}
