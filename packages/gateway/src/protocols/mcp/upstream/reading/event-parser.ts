/** One event, as far as it is of use here. */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
}

/** Told of what a stream says. */
export interface EventParserHandler {
  event(event: StreamEvent): void;
  /** The place of an event that was told, or of one without data. */
  id(id: string): void;
  /** Milliseconds that the server wants to be left alone before it is asked again. */
  retry(ms: number): void;
  /** A line of data came; `lines` of this event so far. What this throws ends the reading. */
  line(lines: number): void;
}

const [LF, CR] = [10, 13];

/**
 * Reads a stream of events (WHATWG HTML, section 9.2.6), in time that is linear in its length: the text is looked at once,
 * whatever its lines end in and however it is split.
 */
export class EventParser {
  readonly #handler: EventParserHandler;
  /** The line that has not ended. */
  #pieces: string[] = [];
  #endedInCr = false;
  #data: string[] = [];
  #type = "";
  #id: string | undefined;

  constructor(handler: EventParserHandler) {
    this.#handler = handler;
  }

  feed(text: string): void {
    let from = 0;
    if (this.#endedInCr && text !== "") {
      this.#endedInCr = false;
      // The second half of a line's end.
      if (text.charCodeAt(0) === LF) from = 1;
    }
    for (let at = from; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code !== LF && code !== CR) continue;
      this.#ended(text.slice(from, at));
      if (code === CR) {
        if (at + 1 === text.length) this.#endedInCr = true;
        else if (text.charCodeAt(at + 1) === LF) at += 1;
      }
      from = at + 1;
    }
    if (from < text.length) this.#pieces.push(text.slice(from));
  }

  #ended(rest: string): void {
    if (this.#pieces.length === 0) {
      this.#line(rest);
      return;
    }
    this.#pieces.push(rest);
    const line = this.#pieces.join("");
    this.#pieces = [];
    this.#line(line);
  }

  #line(line: string): void {
    if (line === "") {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(":");
    // A comment.
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    switch (name) {
      case "data":
        this.#data.push(value);
        this.#handler.line(this.#data.length);
        return;
      case "event":
        this.#type = value;
        return;
      case "id":
        if (!value.includes("\0")) this.#id = value;
        return;
      case "retry":
        if (/^\d+$/.test(value)) this.#handler.retry(Number(value));
        return;
      default:
    }
  }

  #dispatch(): void {
    const data = this.#data;
    const type = this.#type === "" ? "message" : this.#type;
    const id = this.#id;
    this.#type = "";
    this.#id = undefined;
    this.#data = [];
    if (id !== undefined) this.#handler.id(id);
    if (data.length > 0)
      this.#handler.event({ type, data: data.length === 1 ? (data[0] ?? "") : data.join("\n") });
  }
}
