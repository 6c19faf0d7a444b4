import { hash } from "node:crypto";
import type { Decision } from "../../gate/gate.ts";
import type { Permit } from "../../gate/permit.ts";
import type { Denial } from "../../gate/protocol.ts";
import type { PostgresAct } from "./act.ts";
import { decodeBind, decodeEmpty, decodeExecute, decodeParse, decodeQuery, decodeTarget } from "./codec.ts";
import { denialResponse } from "./denials.ts";
import { createCopyMessages } from "./copying.ts";
import type { Expected } from "./expected.ts";
import { type, u32, WireError } from "./framing.ts";
import { longestText } from "./guard/grammar.ts";
import { MAX_SMALL_MESSAGE } from "./memory.ts";
import { errorResponse, failingParse, failingQuery, flush } from "./messages.ts";
import { refuseActs } from "./refuse-acts.ts";
import { isParameterType, typeDenial } from "./parameter-types.ts";
import type { Names } from "./names.ts";
import type { Portal, Shared, Statement } from "./shared.ts";
import { createTold, type Text, type Texts } from "./texts.ts";

/** What waits to go upstream: whole messages, and the permits to spend for them. */
export interface Held {
  readonly parts: Buffer[];
  readonly permits: Permit[];
  /** Number of the first expected answer among them. */
  from: number;
}

export type Stopped = "no" | "waiting" | "judging" | "yielding" | "throttled" | "terminated";

/** The client's half: turns messages into acts, has them judged, and collects what may go upstream. */
export interface Operations {
  readonly held: Held;
  /**
   * Takes whole messages off the front of `bytes` and judges them; they stay referenced until they have left.
   * @returns how many bytes were taken, and what stopped it: nothing, a message that must wait for answers, one whose
   * text is being judged, the turn's share being used up or the principal's share for large messages, or Terminate
   * @throws WireError when the client breaks the protocol: the session must end
   */
  take(bytes: Buffer): { taken: number; stopped: Stopped };
  /** Turns every act that is held into a refused one: the log could not take the turn's records. */
  refuseHeld(denial: Denial): void;
}

export interface OperationsOptions {
  readonly shared: Shared;
  readonly texts: Texts;
  readonly messageBytes: number;
  readonly judge: (act: PostgresAct, detail: string) => Decision;
  /** Sees to it that a text's verdict is known. False: it will be, and `take` is to be called again then. */
  readonly ahead: (text: Text) => boolean;
  /** The time that large messages of the principal may take, and may not. */
  readonly largeWait: () => number;
  readonly largeTook: (milliseconds: number) => void;
  /** Whether plans would show what is hidden: a view's tables and conditions, say. */
  readonly hidesPlans: boolean;
  /** What all sessions of the principal hold in names, in characters. */
  readonly heldByPrincipal: () => number;
}

const mostExpected = 4096;
/** Of texts and values, in characters, that the answers owed may hold; one message may go above it. */
const MAX_OWED = 4_194_304;
const mostNames = 5000;
/** Of texts, or of values, that a session's names hold; one message may go above it. */
const mostBytes = 33_554_432;
/** The same for all sessions of a principal together, texts and values. */
const MAX_HELD_BY_PRINCIPAL = 67_108_864;
/** A session that holds less is not asked what its principal holds. */
const SMALL_SESSION = 65_536;
/** What one session may do in a turn before the others have theirs: acts, and characters of their records. */
const MAX_ACTS_PER_TURN = 256;
const MAX_RECORDED_PER_TURN = 4_194_304;
/** Values longer than this are recorded in full once a portal, and by their digest when it is executed again. */
const MAX_REPEATED_VALUES = 8192;

function errorOf(code: string, message: string): Buffer {
  return errorResponse({ severity: "ERROR", code, message });
}

/** Makes the client's half of one session. */
export function createOperations(options: OperationsOptions): Operations {
  const { shared, messageBytes } = options;
  const { statements, portals, expected } = shared;
  const told = createTold();
  const held: Held = { parts: [], permits: [], from: 0 };
  /** The chunk under way and where its run of messages to forward as they are starts. */
  let chunk: Buffer = Buffer.alloc(0);
  let runStart = 0;
  /** A Parse not judged yet: an Execute of it in the same chunk is judged with it, as one act. */
  let unjudged:
    | { start: number; end: number; entry: Expected; statement: Statement; name: string }
    | undefined;

  /** The text that is being judged: it must be found again when its verdict has come. */
  let awaited: Text | undefined;
  let acts = 0;
  let recorded = 0;

  const judge = (act: PostgresAct, detail: string): Decision => {
    acts += 1;
    recorded += detail.length;
    return options.judge(act, detail);
  };

  const textOf = (sql: string): Text => (awaited?.sql === sql ? awaited : options.texts(sql));

  const isJudged = (text: Text): boolean => {
    const known = options.ahead(text);
    awaited = known ? undefined : text;
    return known;
  };

  const pushRun = (end: number): void => {
    if (end > runStart) held.parts.push(chunk.subarray(runStart, end));
  };

  /** Puts something that surely fails upstream in the place of a message. */
  const substitute = (start: number, end: number, by: Buffer): void => {
    pushRun(start);
    held.parts.push(by);
    runStart = end;
  };

  /** Leaves a message out. */
  const drop = (start: number, end: number): void => {
    settleParse();
    pushRun(start);
    runStart = end;
  };

  const settleParse = (): void => {
    if (unjudged === undefined) return;
    const { start, end, entry, statement, name } = unjudged;
    unjudged = undefined;
    const decision = judge(
      statement.text,
      `{"kind":"parse",${told.name(statement.text)},"statement":${JSON.stringify(name)}}`,
    );
    if ("permit" in decision) {
      entry.permit = decision.permit;
      held.permits.push(decision.permit);
    } else {
      entry.refusal = denialResponse(decision.denial);
      substitute(start, end, failingParse);
    }
  };

  /** Refuses one message in its place in the order. */
  const refuse = (entry: Expected, start: number, end: number, error: Buffer): void => {
    settleParse();
    entry.refusal = error;
    expected.add(entry);
    substitute(start, end, entry.kind === type.query ? failingQuery : failingParse);
  };

  const query = (start: number, end: number): boolean => {
    settleParse();
    if (end - start - 6 > longestText) {
      decodeQuery(chunk, start + 5, end, false);
      refuse({ kind: type.query, refusal: undefined }, start, end, tooLong("query", start + 5, end - 1));
      return true;
    }
    const text = textOf(decodeQuery(chunk, start + 5, end));
    if (!isJudged(text)) return false;
    judgedQuery(text, start, end);
    return true;
  };

  const judgedQuery = (text: Text, start: number, end: number): void => {
    if (showsPlan(text)) {
      refuse({ kind: type.query, refusal: undefined }, start, end, planRefused(text, "query"));
      return;
    }
    const entry: Expected = { kind: type.query, permit: undefined, refusal: undefined, statement: { text } };
    if (preparesTooMany(text)) return refuse(entry, start, end, tooManyStatements());
    const decision = judge(text, `{"kind":"query",${told.name(text)}}`);
    if (!("permit" in decision)) return refuse(entry, start, end, denialResponse(decision.denial));
    entry.permit = decision.permit;
    held.permits.push(decision.permit);
    beginEffects(entry, text);
    expected.add(entry);
  };

  /** Until the server has answered, names that a text gives or drops are unsettled. */
  const beginEffects = (entry: Expected, text: Text): void => {
    if (text.isUnread) throw new WireError("57P03", "the statement cannot be judged now; connect again");
    if (text.effects.length === 0) return;
    entry.effects = text.effects;
    for (const effect of text.effects) {
      if (effect.kind === "prepare" || effect.kind === "deallocate") statements.begin(effect.name, undefined);
      else if (effect.kind === "declare") portals.begin(effect.name, undefined);
      else if (effect.kind === "copy in") shared.copyAwaited = entry;
    }
    // Not part of a segment: SQL's effects are certain only once the server has said so.
    statements.endSegment();
    portals.endSegment();
  };

  const isFull = (names: Names<Statement> | Names<Portal>): boolean =>
    names.size >= mostNames ||
    names.weight > mostBytes ||
    (statements.weight + portals.weight > SMALL_SESSION && options.heldByPrincipal() > MAX_HELD_BY_PRINCIPAL);

  const showsPlan = (text: Text): boolean =>
    options.hidesPlans && text.effects.some(({ kind }) => kind === "explain");

  /** Records that a plan would show what is hidden, and answers it. */
  const planRefused = (text: Text, kind: "query" | "parse"): Buffer =>
    unreadable("EXPLAIN is not SQL here", `{"kind":"${kind}",${told.name(text)}}`, (denied) => ({
      remedy: "never",
      hint: "leave EXPLAIN out",
      rule: (denied?.rule ?? "protocol").replace(/: .*/, ": statements"),
      message:
        "a plan would show what stands behind a view, or what a row security policy or generated column says",
    }));

  /** Records that a text is too long to be judged, by how it begins, and answers it. */
  const tooLong = (kind: "query" | "parse", at: number, end: number): Buffer => {
    const begins = chunk.toString("utf8", at, Math.min(end, at + 2000)).toWellFormed();
    const bytes = end - at;
    return unreadable(
      `a text of ${bytes} bytes is not SQL`,
      `{"bytes":${bytes},"kind":"${kind}","sql_begins":${JSON.stringify(begins)}}`,
      (denied) => ({
        rule: (denied?.rule ?? "protocol").replace(/: .*/, ": limits"),
        message: `a statement longer than ${longestText} bytes is refused`,
        remedy: "correct",
        hint: "split it",
      }),
    );
  };

  /** Records an act that no text stands for: the text given parses to nothing, so that the guard denies it. */
  const unreadable = (
    sql: string,
    detail: string,
    denial: (denied: Denial | undefined) => Denial,
  ): Buffer => {
    const decision = judge({ sql }, detail);
    return denialResponse(denial("denial" in decision ? decision.denial : undefined));
  };

  const tooManyStatements = (): Buffer => errorOf("54000", "too many prepared statements in one session");

  const preparesTooMany = (text: Text): boolean =>
    text.effects.length > 0 && isFull(statements) && text.effects.some(({ kind }) => kind === "prepare");

  const parse = (start: number, end: number): boolean => {
    settleParse();
    const { name, sql, sqlAt, sqlEnd, types } = decodeParse(chunk, start + 5, end, longestText);
    const text = sql === undefined ? undefined : textOf(sql);
    if (text !== undefined && !isJudged(text)) return false;
    const refused = (error: Buffer): true => {
      // Nothing is held of what the server will never have.
      statements.begin(name, undefined);
      refuse({ kind: type.parse, refusal: undefined, name }, start, end, error);
      return true;
    };
    if (text === undefined) return refused(tooLong("parse", sqlAt, sqlEnd));
    if (isFull(statements)) return refused(tooManyStatements());
    if (showsPlan(text)) return refused(planRefused(text, "parse"));
    const denied = types.find((oid) => !isParameterType(oid));
    if (denied !== undefined) return refused(refusedType(denied));
    const statement: Statement = { text };
    const entry: Expected = { kind: type.parse, permit: undefined, refusal: undefined, statement, name };
    statements.begin(name, statement);
    expected.add(entry);
    unjudged = { start, end, entry, statement, name };
    return true;
  };

  /** Records that a parameter's type was refused, and answers it. */
  const refusedType = (oid: number): Buffer =>
    unreadable(`parameter of type ${oid} is not SQL`, `{"kind":"parse","parameter":${oid}}`, (denied) =>
      typeDenial(oid, denied?.rule),
    );

  const bind = (start: number, end: number): boolean => {
    const { portal: name, statement: statementName, parameters } = decodeBind(chunk, start + 5, end);
    const statement = statements.lookup(statementName);
    if (statement === "unsettled") return false;
    const isRefused = statement !== "unknown" && isFull(portals);
    const portal =
      statement === "unknown" || isRefused ? undefined : { statement, statementName, parameters };
    const entry: Expected = { kind: type.bind, refusal: undefined, portal, name, ofPortal: true };
    portals.begin(name, portal);
    if (isRefused) {
      refuse(entry, start, end, errorOf("54000", "too many portals in one session"));
    } else if (portal === undefined) {
      const what =
        statementName === "" ? "unnamed prepared statement" : `prepared statement "${statementName}"`;
      refuse(entry, start, end, errorOf("26000", `${what} does not exist`));
    } else {
      expected.add(entry);
    }
    return true;
  };

  const execute = (start: number, end: number): boolean => {
    const { portal: name, rows } = decodeExecute(chunk, start + 5, end);
    const portal = portals.lookup(name);
    if (portal === "unsettled") return false;
    if (portal !== "unknown" && !isJudged(portal.statement.text)) return false;
    const entry: Expected = {
      kind: type.execute,
      permit: undefined,
      refusal: undefined,
      portal: portal === "unknown" ? undefined : portal,
    };
    if (portal === "unknown") {
      refuse(entry, start, end, errorOf("34000", `portal "${name}" does not exist`));
      return true;
    }
    const { statement, statementName } = portal;
    if (statement.prepared !== true && preparesTooMany(statement.text)) {
      refuse(entry, start, end, tooManyStatements());
      return true;
    }
    const together = unjudged?.statement === statement ? unjudged : undefined;
    if (together === undefined) settleParse();
    const decision = judge(
      statement.text,
      `{"kind":"execute",${rows === 0 ? "" : `"most":${rows},`}${valuesOf(portal)},${told.name(statement.text)}${
        statementName === "" ? "" : `,"statement":${JSON.stringify(statementName)}`
      }}`,
    );
    if ("permit" in decision) {
      unjudged = undefined;
      entry.permit = decision.permit;
      held.permits.push(decision.permit);
      if (statement.prepared !== true) beginEffects(entry, statement.text);
      expected.add(entry);
    } else if (together !== undefined) {
      // The Parse fails in its own place; the server then discards what follows it, this Execute included.
      unjudged = undefined;
      together.entry.refusal = denialResponse(decision.denial);
      substitute(together.start, together.end, failingParse);
      expected.add(entry);
    } else {
      refuse(entry, start, end, denialResponse(decision.denial));
    }
    return true;
  };

  /** Members of a record that tell a portal's values. */
  const valuesOf = (portal: Portal): string => {
    if (portal.parameters.length <= MAX_REPEATED_VALUES || portal.recorded === undefined) {
      portal.recorded = "";
      return `"parameters":${portal.parameters}`;
    }
    if (portal.recorded === "") portal.recorded = hash("sha256", portal.parameters, "hex");
    return `"parameters_sha256":"${portal.recorded}"`;
  };

  const closeTarget = (start: number, end: number): void => {
    const { kind, name } = decodeTarget(chunk, start + 5, end);
    (kind === "P" ? portals : statements).begin(name, undefined);
    expected.add({ kind: type.close, refusal: undefined, name, ofPortal: kind === "P" });
  };

  const functionCall = (start: number, end: number): void => {
    if (end - start < 9) throw new WireError("08P01", "invalid message format: function call");
    const oid = u32(chunk, start + 5);
    const error = unreadable(
      `FunctionCall ${oid} is not SQL`,
      `{"function":${oid},"kind":"function call"}`,
      (denied) => ({
        rule: "protocol",
        remedy: "never" as const,
        hint: "call the function in a SELECT, if an operation allows it",
        ...(denied === undefined ? {} : { rule: denied.rule }),
        message: "function calls outside of SQL are not allowed",
      }),
    );
    refuse({ kind: type.query, refusal: undefined }, start, end, error);
  };

  /** One whole message. False when it has to wait for answers. */
  const message = (kind: number, start: number, end: number): boolean => {
    switch (kind) {
      case type.query:
        return query(start, end);
      case type.parse:
        return parse(start, end);
      case type.bind:
        return bind(start, end);
      case type.execute:
        return execute(start, end);
      case type.describe:
        decodeTarget(chunk, start + 5, end);
        expected.add({ kind, refusal: undefined });
        return true;
      case type.close:
        closeTarget(start, end);
        return true;
      case type.sync:
        decodeEmpty(start + 5, end);
        statements.endSegment();
        portals.endSegment();
        expected.add({ kind, refusal: undefined });
        return true;
      case type.flush:
        decodeEmpty(start + 5, end);
        return true;
      case type.functionCall:
        functionCall(start, end);
        return true;
      default:
        throw new WireError("08P01", `invalid frontend message type ${kind}`);
    }
  };

  /** `message`, whose time counts when it is a large one. Twice, since it is recorded as well. */
  const timed = (kind: number, start: number, end: number): boolean => {
    if (end - start <= MAX_SMALL_MESSAGE) return message(kind, start, end);
    const began = performance.now();
    const isTaken = message(kind, start, end);
    options.largeTook(2 * (performance.now() - began));
    return isTaken;
  };

  const copyMessage = createCopyMessages(shared, drop);

  return {
    held,
    take(bytes) {
      chunk = bytes;
      runStart = 0;
      let at = 0;
      let stopped: Stopped = "no";
      acts = 0;
      recorded = 0;
      if (held.parts.length === 0) held.from = expected.next;
      while (bytes.length - at >= 5 && stopped === "no") {
        const kind = bytes[at] ?? 0;
        const length = u32(bytes, at + 1);
        if (length < 4) throw new WireError("08P01", "invalid message length");
        if (length > messageBytes)
          throw new WireError("54000", `a message of ${length} bytes is above the limit of ${messageBytes}`);
        const end = at + 1 + length;
        if (end > bytes.length) break;
        if (expected.length >= mostExpected || expected.weight > MAX_OWED) {
          stopped = "waiting";
          break;
        }
        if (acts >= MAX_ACTS_PER_TURN || recorded > MAX_RECORDED_PER_TURN) {
          stopped = "yielding";
          break;
        }
        if (kind === type.terminate) {
          decodeEmpty(at + 5, end);
          stopped = "terminated";
        } else if (shared.copyIn) {
          copyMessage(bytes, kind, at, end);
        } else if (shared.copyAwaited !== undefined) {
          // Data for the COPY, or a message that the COPY's failure would let through: the answer tells.
          stopped = "waiting";
          break;
        } else if (kind === type.copyData || kind === type.copyDone || kind === type.copyFail) {
          // PostgreSQL ignores them outside of a COPY; they never go on.
          drop(at, end);
        } else if (end - at > MAX_SMALL_MESSAGE && options.largeWait() > 0) {
          stopped = "throttled";
          break;
        } else if (!timed(kind, at, end)) {
          stopped = awaited === undefined ? "waiting" : "judging";
          break;
        }
        at = end;
      }
      settleParse();
      pushRun(at);
      // The server may keep its answers back until the next Sync, which stands behind what waits.
      if (stopped === "waiting") held.parts.push(flush);
      chunk = Buffer.alloc(0);
      return { taken: at, stopped };
    },
    refuseHeld(denial) {
      told.forget();
      const refused = refuseActs(Buffer.concat(held.parts), held.from, expected, denialResponse(denial));
      held.parts.length = 0;
      held.permits.length = 0;
      held.parts.push(...refused);
    },
  };
}
