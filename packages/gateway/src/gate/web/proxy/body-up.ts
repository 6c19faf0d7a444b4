import { pipeline, type Readable } from "node:stream";
import { Counted } from "./body.ts";
import type { Passage } from "./relay.ts";

/** The body as it is sent, with the headers that frame it. */
export function bodyUp({ exchange, body }: Pick<Passage, "exchange" | "body">): {
  readonly sent: Buffer | Readable | null;
  readonly counted: Counted | undefined;
  readonly framing: Readonly<Record<string, string>>;
} {
  if (body.kind === "none") return { sent: null, counted: undefined, framing: {} };
  if (body.kind === "read") {
    const { bytes } = body;
    return { sent: bytes, counted: undefined, framing: { "content-length": String(bytes.length) } };
  }
  const counted = new Counted(body.maxBytes);
  pipeline(exchange.request as Readable, counted, () => undefined);
  const { length } = body;
  return {
    sent: counted,
    counted,
    framing: length === undefined ? {} : { "content-length": String(length) },
  };
}
