// A scope's lines, as the gateway words them, sorted into what a person checks one by one: requests, members of a body,
// tables with their columns, commands. Pure. No line is left out: one that fits nothing stays as it is.

/** One member of a body, or of a tool's arguments. */
export interface FieldFact {
  /** `cents`, `customer/name`, `items/*`. */
  readonly name: string;
  /** What its value must be: "a whole number; 1 to 50000". */
  readonly rule: string;
  readonly required: boolean;
}

/** What a body, or the arguments of a tool, may be. */
export interface FieldsFact {
  /** "Body", or the tool's name. */
  readonly of: string;
  /** What holds for the whole value. */
  readonly whole: readonly string[];
  readonly fields: readonly FieldFact[];
}

/** A table, with what may be done with it. */
export interface TableFact {
  readonly name: string;
  /** The name is a pattern that covers every table and view which matches. */
  readonly pattern: boolean;
  /** One use each: "columns id, status", "update status". */
  readonly uses: readonly string[];
}

/** A scope, sorted. */
export interface ScopeFacts {
  /** `POST /v1/refunds`. */
  readonly requests: readonly string[];
  readonly statements: readonly string[];
  readonly tables: readonly TableFact[];
  readonly bodies: readonly FieldsFact[];
  readonly tools: readonly FieldsFact[];
  /** Argument vectors that may be run. */
  readonly commands: readonly string[];
  /** Everything else, in its order. */
  readonly others: readonly string[];
}

// One step of a path: a plain name, one in quotation marks, or words in parentheses.
const step = String.raw`/(?:[\w$@.*-]+|"(?:[^"\\]|\\.)*"|\((?:[^()]|\([^()]*\))*\))`;
const fieldLine = new RegExp(`^((?:${step})+): (.*)$`, "s");
const tableLine =
  /^(table|every table and view that matches) ((?:"(?:[^"]|"")*"|[^:\s"])+(?:\.(?:"(?:[^"]|"")*"|[^:\s"])+)*): (.*)$/s;
const toolLine = /^tool ([^\s,]+)(?:, (?:arguments: )?| (?=\/))(.*)$/s;

interface Growing {
  readonly of: string;
  readonly whole: string[];
  readonly fields: FieldFact[];
}

/** A rule without its last word "required", and whether it had it. */
function requiredOf(words: string): Pick<FieldFact, "rule" | "required"> {
  if (words === "required") return { rule: "anything", required: true };
  return words.endsWith("; required")
    ? { rule: words.slice(0, -"; required".length), required: true }
    : { rule: words, required: false };
}

/** A line that begins with "… " continues the one before it. */
function joined(lines: readonly string[]): string[] {
  const whole: string[] = [];
  for (const line of lines) {
    const last = whole.length - 1;
    if (line.startsWith("… ") && !/^… and \d+ more /.test(line) && last >= 0) whole[last] += line.slice(2);
    else whole.push(line);
  }
  return whole;
}

/** Adds a line about a value: one of its members, or the whole. */
function add(to: Growing, words: string): void {
  const member = fieldLine.exec(words);
  if (member === null) to.whole.push(words);
  else to.fields.push({ name: (member[1] ?? "").slice(1), ...requiredOf(member[2] ?? "") });
}

/** Sorts the lines of a scope. */
export function scopeFacts(lines: readonly string[]): ScopeFacts {
  const requests: string[] = [];
  const statements: string[] = [];
  const tables: TableFact[] = [];
  const commands: string[] = [];
  const others: string[] = [];
  const bodies: Growing[] = [];
  const tools = new Map<string, Growing>();
  for (const line of joined(lines)) {
    const table = tableLine.exec(line);
    const tool = toolLine.exec(line);
    if (/^[A-Z]+ \/\S*$/.test(line)) requests.push(line);
    else if (line.startsWith("statements: ")) statements.push(...line.slice(12).split(", "));
    else if (line.startsWith("command: ")) commands.push(line.slice(9));
    else if (table !== null) {
      tables.push({
        name: table[2] ?? "",
        pattern: table[1] !== "table",
        uses: (table[3] ?? "").split("; "),
      });
    } else if (tool !== null) {
      const name = tool[1] ?? "";
      const of = tools.get(name) ?? { of: name, whole: [], fields: [] };
      tools.set(name, of);
      add(of, tool[2] ?? "");
    } else if (line.startsWith("body: ") || line.startsWith("body /")) {
      if (bodies.length === 0) bodies.push({ of: "Body", whole: [], fields: [] });
      const [body] = bodies;
      if (body !== undefined) add(body, line.slice(line.startsWith("body: ") ? 6 : 5));
    } else others.push(line);
  }
  return { requests, statements, tables, bodies, tools: [...tools.values()], commands, others };
}
