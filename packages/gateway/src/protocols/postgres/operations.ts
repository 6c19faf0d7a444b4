import type { Decision } from "../../gate/gate.ts";
import type { Permit } from "../../gate/permit.ts";
import type { Denial } from "../../gate/protocol.ts";
import { decodeBind, decodeEmpty, decodeExecute, decodeParse, decodeQuery, decodeTarget } from "./codec.ts";
import { denialResponse } from "./denials.ts";
import { createCopyMessages } from "./copying.ts";
import type { Expected } from "./expected.ts";
import { type, u32, WireError } from "./framing.ts";
import { errorResponse, failingParse, failingQuery, flush } from "./messages.ts";
import { refuseActs } from "./refuse-acts.ts";
import { nameTypes, typeDenial } from "./name-types.ts";
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

/** The client's half: turns messages into acts, has them judged, and collects what may go upstream. */
export interface Operations {
  readonly held: Held;
  /**
   * Takes whole messages off the front of `bytes` and judges them; they stay referenced until they have left.
   * @returns how many bytes were taken, and what stopped it: nothing, a message that must wait for answers, or
   * Terminate
   * @throws WireError when the client breaks the protocol: the session must end
   */
  take(bytes: Buffer): { taken: number; stopped: "no" | "waiting" | "terminated" };
  /** Turns every act that is held into a refused one: the log could not take the turn's records. */
  refuseHeld(denial: Denial): void;
}

export interface OperationsOptions {
  readonly shared: Shared;
  readonly texts: Texts;
  readonly messageBytes: number;
  readonly judge: (sql: string, detail: string) => Decision;
}

const mostExpected = 4096;
const mostNames = 5000;
/** Of texts, or of values, that a session's names hold; one message may go above it. */
const mostBytes = 33_554_432;

function errorOf(code: string, message: string): Buffer {
  return errorResponse({ severity: "ERROR", code, message });
}

/** Makes the client's half of one session. */
export function createOperations({ shared, texts, messageBytes, judge }: OperationsOptions): Operations {
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
      statement.text.sql,
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

  const query = (start: number, end: number): void => {
    settleParse();
    const text = texts(decodeQuery(chunk, start + 5, end));
    const entry: Expected = { kind: type.query, permit: undefined, refusal: undefined, statement: { text } };
    if (preparesTooMany(text)) return refuse(entry, start, end, tooManyStatements());
    const decision = judge(text.sql, `{"kind":"query",${told.name(text)}}`);
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
    names.size > mostNames || names.weight > mostBytes;

  const tooManyStatements = (): Buffer => errorOf("54000", "too many prepared statements in one session");

  const preparesTooMany = (text: Text): boolean =>
    text.effects.length > 0 && isFull(statements) && text.effects.some(({ kind }) => kind === "prepare");

  const parse = (start: number, end: number): void => {
    settleParse();
    const { name, sql, types } = decodeParse(chunk, start + 5, end);
    const statement: Statement = { text: texts(sql) };
    const entry: Expected = { kind: type.parse, permit: undefined, refusal: undefined, statement, name };
    statements.begin(name, statement);
    if (isFull(statements)) return refuse(entry, start, end, tooManyStatements());
    const lookup = types.find((oid) => nameTypes.has(oid));
    if (lookup !== undefined) return refuse(entry, start, end, refusedType(lookup));
    expected.add(entry);
    unjudged = { start, end, entry, statement, name };
  };

  /** Records that a parameter's type was refused, and answers it. */
  const refusedType = (oid: number): Buffer => {
    // No text that parses names this act, so that the guard denies it and the attempt is recorded.
    const decision = judge(`parameter of type ${oid} is not SQL`, `{"kind":"parse","parameter":${oid}}`);
    return denialResponse(typeDenial(oid, "denial" in decision ? decision.denial.rule : undefined));
  };

  const bind = (start: number, end: number): boolean => {
    const { portal: name, statement: statementName, parameters } = decodeBind(chunk, start + 5, end);
    const statement = statements.lookup(statementName);
    if (statement === "unsettled") return false;
    const portal = statement === "unknown" ? undefined : { statement, statementName, parameters };
    const entry: Expected = { kind: type.bind, refusal: undefined, portal, name, ofPortal: true };
    portals.begin(name, portal);
    if (portal === undefined) {
      const what =
        statementName === "" ? "unnamed prepared statement" : `prepared statement "${statementName}"`;
      refuse(entry, start, end, errorOf("26000", `${what} does not exist`));
    } else if (isFull(portals)) {
      refuse(entry, start, end, errorOf("54000", "too many portals in one session"));
    } else {
      expected.add(entry);
    }
    return true;
  };

  const execute = (start: number, end: number): boolean => {
    const { portal: name, rows } = decodeExecute(chunk, start + 5, end);
    const portal = portals.lookup(name);
    if (portal === "unsettled") return false;
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
    const { statement, statementName, parameters } = portal;
    if (statement.prepared !== true && preparesTooMany(statement.text)) {
      refuse(entry, start, end, tooManyStatements());
      return true;
    }
    const together = unjudged?.statement === statement ? unjudged : undefined;
    if (together === undefined) settleParse();
    const decision = judge(
      statement.text.sql,
      `{"kind":"execute",${rows === 0 ? "" : `"most":${rows},`}"parameters":${parameters},${told.name(statement.text)}${
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

  const closeTarget = (start: number, end: number): void => {
    const { kind, name } = decodeTarget(chunk, start + 5, end);
    (kind === "P" ? portals : statements).begin(name, undefined);
    expected.add({ kind: type.close, refusal: undefined, name, ofPortal: kind === "P" });
  };

  const functionCall = (start: number, end: number): void => {
    if (end - start < 9) throw new WireError("08P01", "invalid message format: function call");
    const oid = u32(chunk, start + 5);
    // No text that parses names this act, so that the guard denies it and the attempt is recorded.
    const decision = judge(`FunctionCall ${oid} is not SQL`, `{"function":${oid},"kind":"function call"}`);
    const denial: Denial = {
      rule: "denial" in decision ? decision.denial.rule : "protocol",
      message: "function calls outside of SQL are not allowed",
      remedy: "never",
      hint: "call the function in a SELECT, if an operation allows it",
    };
    refuse({ kind: type.query, refusal: undefined }, start, end, denialResponse(denial));
  };

  /** One whole message. False when it has to wait for answers. */
  const message = (kind: number, start: number, end: number): boolean => {
    switch (kind) {
      case type.query:
        query(start, end);
        return true;
      case type.parse:
        parse(start, end);
        return true;
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

  const copyMessage = createCopyMessages(shared, drop);

  return {
    held,
    take(bytes) {
      chunk = bytes;
      runStart = 0;
      let at = 0;
      let stopped: "no" | "waiting" | "terminated" = "no";
      if (held.parts.length === 0) held.from = expected.next;
      while (bytes.length - at >= 5 && stopped === "no") {
        const kind = bytes[at] ?? 0;
        const length = u32(bytes, at + 1);
        if (length < 4) throw new WireError("08P01", "invalid message length");
        if (length > messageBytes)
          throw new WireError("54000", `a message of ${length} bytes is above the limit of ${messageBytes}`);
        const end = at + 1 + length;
        if (end > bytes.length) break;
        if (expected.length >= mostExpected) {
          stopped = "waiting";
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
        } else if (!message(kind, at, end)) {
          stopped = "waiting";
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
