/** One event of a stream; one that only carries an id has type `` and no data. */
export interface ServerEvent {
  readonly type: string;
  readonly data: string;
  readonly id?: string;
}

/** An event longer than this is refused, UTF-16 code units: a record of the log has at most 65,535 bytes. */
const MAX_EVENT_CHARACTERS = 1_048_576;

/**
 * Parses server-sent events (WHATWG HTML, section 9.2.6) however the bytes are cut.
 * @returns takes the next bytes, gives the events that they complete
 * @throws RangeError when an event grows without end
 */
export function createEventParser(): (chunk: Uint8Array) => readonly ServerEvent[] {
  const decoder = new TextDecoder("utf-8");
  let rest = "";
  let type = "";
  let data: string[] = [];
  let id: string | undefined;
  let size = 0;

  function line(text: string, events: ServerEvent[]): void {
    if (text === "") {
      if (data.length > 0 || id !== undefined)
        events.push({
          type: data.length === 0 ? "" : type === "" ? "message" : type,
          data: data.join("\n"),
          ...(id === undefined ? {} : { id }),
        });
      type = "";
      data = [];
      id = undefined;
      size = 0;
      return;
    }
    const colon = text.indexOf(":");
    const field = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "event") type = value;
    else if (field === "id") id = value;
    else if (field === "data") {
      size += value.length;
      if (size > MAX_EVENT_CHARACTERS) throw new RangeError("an event is too long");
      data.push(value);
    }
  }

  return (chunk) => {
    rest += decoder.decode(chunk, { stream: true });
    const events: ServerEvent[] = [];
    // A CR at the end may be half of a CRLF: it waits for what comes next.
    const ends = /\r\n|\n|\r(?=[^])/g;
    let start = 0;
    for (let end = ends.exec(rest); end !== null; end = ends.exec(rest)) {
      line(rest.slice(start, end.index), events);
      start = ends.lastIndex;
    }
    rest = rest.slice(start);
    if (rest.length > MAX_EVENT_CHARACTERS) throw new RangeError("an event is too long");
    return events;
  };
}
