import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setFlagsFromString } from "node:v8";
import type { Fault } from "../../../../gate/protocol.ts";
import { refuse, refuseFault, refuseMistake } from "../denied.ts";
import type { Token } from "../structure/tokens.ts";
import { mayAssignRows, repetitions } from "./row-assignments.ts";

/** The part of libpg-query's WebAssembly module that parsing needs (its own wrapper keeps one instance for ever). */
interface Instance {
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  _wasm_parse_query_raw(text: number): number;
  _wasm_free_parse_result(result: number): void;
  _wasm_scan(text: number): number;
  _wasm_free_string(text: number): void;
  lengthBytesUTF8(text: string): number;
  stringToUTF8(text: string, pointer: number, bytes: number): void;
  UTF8ToString(pointer: number): string;
  getValue(pointer: number, type: "i32"): number;
  readonly HEAPU8: Uint8Array;
}
/** The part of the WebAssembly interface used here; the language's own library does not declare it. */
interface WasmInstance {
  readonly exports: object;
}
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>;
  readonly Instance: new (module: object, imports: object) => WasmInstance;
};
type Factory = (options: object) => Promise<Instance>;

/** The longest text that is ever judged, in bytes of UTF-8. What a gateway takes is bounded by its configuration. */
export const MAX_TEXT_BYTES = 4_194_304;
/** The largest parse tree, as JSON: read, it takes about eight times that of a worker's memory. */
const MAX_TREE_BYTES = 30_000_000;
/** Stands for a larger one. */
const TOO_LARGE = "";

const spares = 2;
let factory: Factory | undefined;
let compiled: object | undefined;
const ready: Instance[] = [];

/**
 * V8's optimizing compiler takes half a gigabyte and seconds of CPU for the grammar's largest functions, at whatever
 * moment it finds them hot, to parse a text in 15 µs instead of 30; and each text is parsed once. So WebAssembly is
 * left as it is compiled first. V8 has these flags for the whole process.
 */
function keepFirstCode(): void {
  setFlagsFromString("--no-wasm-dynamic-tiering");
  setFlagsFromString("--no-wasm-tier-up");
}

async function addInstance(make: Factory, wasm: object): Promise<void> {
  ready.push(
    await make({
      instantiateWasm(imports: object, receive: (instance: WasmInstance) => void): object {
        const instance = new WebAssembly.Instance(wasm, imports);
        receive(instance);
        return instance.exports;
      },
    }),
  );
}

/**
 * Loads PostgreSQL's grammar; call it once at start, before anything is judged. Safe to call again.
 *
 * A statement nested so deeply that the JavaScript stack overflows inside WebAssembly leaves that instance with a
 * leaked stack and dangling error handlers: after some hundred of those it corrupts its memory. An instance that
 * threw anything is therefore thrown away, and spares stand ready.
 */
export async function loadGrammar(): Promise<void> {
  if (factory === undefined || compiled === undefined) {
    const load = createRequire(import.meta.url);
    factory = load("libpg-query/wasm/libpg-query.js") as Factory;
    keepFirstCode();
    compiled = await WebAssembly.compile(readFileSync(load.resolve("libpg-query/wasm/libpg-query.wasm")));
  }
  while (ready.length <= spares) await addInstance(factory, compiled);
}

/** How much memory the grammar holds, bytes: it grows with what is parsed and never shrinks. */
export function grammarBytes(): number {
  return ready.reduce((sum, { HEAPU8 }) => sum + HEAPU8.byteLength, 0);
}

let refilling = false;

/** Brings the spares back; one that could not be made (no memory) is tried again with the next statement. */
function refill(): void {
  if (refilling || ready.length > spares) return;
  refilling = true;
  loadGrammar()
    .catch(() => undefined)
    .finally(() => {
      refilling = false;
    });
}

function replace(broken: Instance): void {
  const at = ready.indexOf(broken);
  if (at >= 0) ready.splice(at, 1);
  refill();
}

/** A text that PostgreSQL's grammar takes: one parse tree a statement, empty statements left out. */
export interface Parsed {
  readonly statements: readonly unknown[];
}

/**
 * Parses a text with PostgreSQL's grammar, exactly as the server would see it.
 * @throws GuardDenied (rule `grammar` or `limits`) when it does not parse, holds a NUL or a lone surrogate, is too long
 * or too deep, or the grammar is not loaded
 */
export function parse(sql: string): Parsed {
  if (sql.includes("\0")) refuseMistake("grammar", "a NUL character in a statement is refused");
  if (!sql.isWellFormed()) refuseMistake("grammar", "the statement is not valid Unicode");
  if (sql.length > MAX_TEXT_BYTES || Buffer.byteLength(sql) > MAX_TEXT_BYTES)
    refuse("limits", `a statement longer than ${MAX_TEXT_BYTES} bytes is refused`, "split it");
  if (sql === "") return { statements: [] };
  const [instance] = ready;
  if (factory !== undefined) refill();
  if (instance === undefined) refuse("grammar", "the grammar is not ready", "try again in a moment");
  if (mayAssignRows(sql)) checkRepetitions(instance, sql);
  let json: string | undefined;
  let problem: Fault | undefined;
  try {
    [json, problem] = run(instance, sql);
  } catch {
    replace(instance);
    refuse("limits", "the statement is nested too deeply to be judged", "write it with less nesting");
  }
  if (problem !== undefined)
    refuseFault("grammar", `the statement does not parse: ${describe(problem)}`, undefined, problem);
  if (json === TOO_LARGE) refuse("limits", "the statement is too large to be judged", "split it");
  if (json === undefined) refuseMistake("grammar", "the statement does not parse: no parse tree");
  return { statements: read(json) };
}

/** The tokens of a text that parses. */
export function scan(sql: string): readonly Token[] {
  const [instance] = ready;
  if (instance === undefined) refuse("grammar", "the grammar is not ready", "try again in a moment");
  let answer: string;
  try {
    answer = scanned(instance, sql);
  } catch {
    replace(instance);
    refuse("limits", "the statement could not be read");
  }
  const parsed: unknown = JSON.parse(answer);
  if (typeof parsed !== "object" || parsed === null || !("tokens" in parsed))
    refuseMistake("grammar", "the statement does not parse");
  return parsed.tokens as readonly Token[];
}

function scanned(instance: Instance, sql: string): string {
  const bytes = instance.lengthBytesUTF8(sql) + 1;
  const text = instance._malloc(bytes);
  instance.stringToUTF8(sql, text, bytes);
  const result = instance._wasm_scan(text);
  const answer = instance.UTF8ToString(result);
  instance._free(text);
  instance._wasm_free_string(result);
  return answer;
}

/** The longest that a parse tree may be made by repeating, in characters of the statement. */
const MAX_REPEATED_CHARACTERS = 4_000_000;

function checkRepetitions(instance: Instance, sql: string): void {
  let times: number;
  try {
    const answer = scanned(instance, sql);
    // Anything else is an error, which the parser will find as well.
    times = answer.startsWith("{") ? repetitions(answer) : 1;
  } catch {
    replace(instance);
    refuse("limits", "the statement could not be read");
  }
  if (times * sql.length > MAX_REPEATED_CHARACTERS)
    refuse("limits", "SET (column, …) = … of so many columns is refused", "assign the columns one by one");
}

/** Calls the parser. Struct layouts: PgQueryParseResult and PgQueryError of libpg_query's pg_query.h. */
function run(wasm: Instance, sql: string): [json: string | undefined, problem: Fault | undefined] {
  const bytes = wasm.lengthBytesUTF8(sql) + 1;
  const text = wasm._malloc(bytes);
  wasm.stringToUTF8(sql, text, bytes);
  const result = wasm._wasm_parse_query_raw(text);
  if (result === 0) throw new Error("out of memory");
  const tree = wasm.getValue(result, "i32");
  const error = wasm.getValue(result + 8, "i32");
  let answer: [string | undefined, Fault | undefined];
  if (error === 0) {
    const isTooLarge = tree !== 0 && wasm.HEAPU8.indexOf(0, tree) - tree > MAX_TREE_BYTES;
    const json = tree === 0 ? undefined : isTooLarge ? TOO_LARGE : wasm.UTF8ToString(tree);
    answer = [json, undefined];
  } else {
    const message = wasm.getValue(error, "i32");
    const position = wasm.getValue(error + 16, "i32");
    answer = [undefined, syntaxError(message === 0 ? "" : wasm.UTF8ToString(message), position)];
  }
  wasm._free(text);
  wasm._wasm_free_parse_result(result);
  return answer;
}

/** The longest of the parser's messages that is told: it quotes one word of the statement. */
const MAX_MESSAGE_CHARACTERS = 300;

function syntaxError(message: string, position: number): Fault {
  const said = message === "" ? "syntax error" : message.slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed();
  return { code: "42601", message: said, ...(position > 0 ? { position } : {}) };
}

/** PostgreSQL's message without what it quotes of the statement, which may be a value. */
function describe({ message, position = 0 }: Fault): string {
  const said =
    /^[^"\n]*/u
      .exec(message)?.[0]
      .replace(/ at or near $/u, "")
      .trim() ?? "";
  return `${said === "" ? "syntax error" : said}${position > 0 ? ` at character ${position}` : ""}`;
}

function read(json: string): unknown[] {
  let tree: unknown;
  try {
    tree = JSON.parse(json);
  } catch {
    refuse("limits", "the statement is nested too deeply to be judged", "write it with less nesting");
  }
  if (typeof tree !== "object" || tree === null || !("version" in tree))
    refuseMistake("grammar", "the statement does not parse");
  const statements = "stmts" in tree ? tree.stmts : [];
  if (!Array.isArray(statements)) refuseMistake("grammar", "the statement does not parse");
  return statements.map((entry: unknown) => {
    if (typeof entry !== "object" || entry === null || !("stmt" in entry))
      refuseMistake("grammar", "the statement does not parse");
    return entry.stmt;
  });
}
