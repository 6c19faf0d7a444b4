import { cstring, int16, int32, message } from "./build.ts";
import { type, u32 } from "./framing.ts";

const make = Symbol("make");

/**
 * Whole messages that may go to the server without a permit, because they do nothing by themselves: they end a pipeline,
 * name, describe or drop what was permitted, carry the data of a COPY that was, or are the gateway's own. Only this file
 * makes them, and none of a client's acts is ever one: the sender takes these and acts with their permit, and no bytes.
 */
export class Control {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** Told from an act by this: it has none. */
  readonly permit = undefined;
  readonly #made = true;

  private constructor(key: symbol, bytes: Buffer, start: number, end: number) {
    if (key !== make) throw new TypeError("a Control is made in its own file alone");
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** Whether a value is one, whatever its type claims. */
  static is(value: object): value is Control {
    return #made in value && value.#made;
  }

  /**
   * A client's messages that lie side by side.
   * @throws TypeError when one of them is an act, or none that a client sends, or not whole
   */
  static of(bytes: Buffer, start: number, end: number): Control {
    let at = start;
    while (at < end) {
      if (end - at < 5 || !controls[bytes[at] ?? 0])
        throw new TypeError(`a message of type ${bytes[at]} does not leave without a permit`);
      at += 1 + u32(bytes, at + 1);
    }
    if (at !== end) throw new TypeError("half a message does not leave");
    return new Control(make, bytes, start, end);
  }

  /** Flush ('H'). */
  static readonly flush: Control = Control.#own(message(type.flush));

  /**
   * Asks which Syncs the server has answered: CloseComplete, of a statement that there is not, stands between its answers
   * to this Sync and to the next.
   */
  static readonly probe: Control = Control.#own(
    Buffer.concat([
      message(type.sync),
      message(type.close, Buffer.from("S"), cstring("mayfly refused")),
      message(type.sync),
    ]),
  );

  /** Terminate ('X'). */
  static readonly terminate: Control = Control.#own(message(type.terminate));

  /**
   * A Query that surely fails, whatever the transaction's state: its text does not parse. It goes upstream in the
   * place of a refused Query, so that the server itself aborts the transaction and answers in its turn; the error
   * that it sends is replaced by the denial.
   */
  static readonly failingQuery: Control = Control.#own(
    message(type.query, cstring("/* refused by Mayfly */ !")),
  );

  /**
   * The same for a refused message of the extended protocol: the server then discards until Sync. Its name keeps the
   * unnamed statement alive.
   */
  static readonly failingParse: Control = Control.#own(
    message(type.parse, cstring("mayfly refused"), cstring("/* refused by Mayfly */ !"), int16(0)),
  );

  /**
   * Sets settings of the session by the extended protocol, up to a Sync. Statements and portals have a name, so that the
   * client's unnamed ones live on (a simple Query would drop both).
   * @param name of the statements and portals
   * @param statements each `set NAME = NUMBER`
   * @throws TypeError when one is anything else
   */
  static settings(name: string, statements: readonly string[]): Control {
    const parts: Buffer[] = [];
    for (const sql of statements) {
      if (!/^set [a-z_]+ = \d+$/u.test(sql))
        throw new TypeError("this is for settings of the gateway's own alone");
      parts.push(
        message(type.parse, cstring(name), cstring(sql), int16(0)),
        message(type.bind, cstring(name), cstring(name), int16(0), int16(0), int16(0)),
        message(type.execute, cstring(name), int32(0)),
        message(type.close, Buffer.from("P"), cstring(name)),
        message(type.close, Buffer.from("S"), cstring(name)),
      );
    }
    return Control.#own(Buffer.concat([...parts, message(type.sync)]));
  }

  static #own(bytes: Buffer): Control {
    return new Control(make, bytes, 0, bytes.length);
  }
}

/** By its type byte, whether a client's message does nothing by itself. All that is not listed needs a permit. */
const controls: readonly boolean[] = Array.from({ length: 256 }, (_, kind) =>
  (
    [
      type.bind,
      type.describe,
      type.close,
      type.sync,
      type.flush,
      // Of a COPY whose statement was permitted; the server takes them in no other state.
      type.copyData,
      type.copyDone,
      type.copyFail,
    ] as number[]
  ).includes(kind),
);
