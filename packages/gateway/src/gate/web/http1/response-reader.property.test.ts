import { request, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import fc from "@mayfly/testing/fast-check.ts";
import { expect, it } from "vitest";
import { readAll } from "./testing/read-all.ts";

/** What Node's own client makes of an answer's bytes. */
type NodeRead =
  | { readonly kind: "refused" }
  | {
      readonly kind: "whole";
      readonly status: number;
      readonly headers: readonly string[];
      readonly body: string;
      readonly trailers: readonly string[];
    };

/** Names in lower case, as this gateway's reader tells them. */
function lowered(raw: readonly string[]): string[] {
  return raw.map((each, at) => (at % 2 === 0 ? each.toLowerCase() : each));
}

/** Lets Node's own parser read an answer. */
function readByNode(pieces: readonly string[], method: string): Promise<NodeRead> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => done(),
    });
    const refuse = (): void => resolve({ kind: "refused" });
    const outgoing = request({ method, createConnection: () => socket });
    outgoing.on("error", refuse).on("upgrade", refuse);
    outgoing.on("response", (answer: IncomingMessage) => {
      let body = "";
      answer.setEncoding("latin1").on("data", (text: string) => (body += text));
      answer.on("error", refuse).on("aborted", refuse);
      answer.on("end", () => {
        const { statusCode: status = 0, rawHeaders, rawTrailers } = answer;
        resolve({
          kind: "whole",
          status,
          headers: lowered(rawHeaders),
          body,
          trailers: lowered(rawTrailers),
        });
      });
    });
    outgoing.end();
    setImmediate(() => {
      for (const piece of pieces) socket.push(Buffer.from(piece, "latin1"));
      socket.push(null);
    });
  });
}

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/);
const value = fc.stringMatching(/^[!-~\xa0-\xff]?[\t -~\xa0-\xff]{0,12}$/).map((text) => text.trim());
const body = fc.string({
  unit: fc.constantFrom("a", "0", "\r", "\n", "HTTP/1.1 200 OK\r\n\r\n"),
  maxLength: 12,
});
const headers = fc.array(fc.tuple(token, value), { maxLength: 5 }).map((all) =>
  all
    .filter(([name]) => !/^(?:content-length|transfer-encoding|connection|upgrade)$/i.test(name))
    .map(([name, each]) => `${name}: ${each}\r\n`)
    .join(""),
);
const chunks = fc.array(body, { maxLength: 4 }).map((all) =>
  all
    .filter((each) => each !== "")
    .map((each) => `${each.length.toString(16)}\r\n${each}\r\n`)
    .join(""),
);

/** An answer as a server may write it. */
const answer = fc
  .record({
    status: fc.constantFrom("200 OK", "404 Not Found", "204 No Content", "304 Not Modified", "500 ", "200"),
    interim: fc.constantFrom(
      "",
      "",
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
    ),
    headers,
    framing: fc.oneof(
      body.map((text) => ({ head: `Content-Length: ${text.length}\r\n`, text })),
      fc.tuple(chunks, headers).map(([text, trailers]) => ({
        head: "Transfer-Encoding: chunked\r\n",
        text: `${text}0\r\n${trailers}\r\n`,
      })),
      body.map((text) => ({ head: "", text })),
    ),
  })
  .map(
    (all) =>
      `${all.interim}HTTP/1.1 ${all.status}\r\n${all.headers}${all.framing.head}\r\n${all.framing.text}`,
  );

/** The same with something of it changed, taken away or put in. */
const mutated = fc
  .tuple(
    answer,
    fc.array(
      fc.record({
        at: fc.nat(200),
        cut: fc.nat(3),
        put: fc.constantFrom(
          "",
          "\r",
          "\n",
          "\r\n",
          " ",
          "\t",
          "\0",
          ":",
          "0",
          "f",
          ",",
          ";",
          "-",
          "\xff",
          "Content-Length: 1\r\n",
          "Transfer-Encoding: chunked\r\n",
          "Connection: close\r\n",
        ),
      }),
      { maxLength: 3 },
    ),
  )
  .map(([text, changes]) => {
    let made = text;
    for (const { at, cut, put } of changes) made = made.slice(0, at) + put + made.slice(at + cut);
    return made;
  });

const method = fc.constantFrom("GET", "GET", "POST", "HEAD");
const cuts = fc.array(fc.nat(300), { maxLength: 5 });

function split(text: string, at: readonly number[]): string[] {
  const marks = [0, ...at.map((each) => Math.min(each, text.length)), text.length].toSorted((a, b) => a - b);
  return marks.slice(1).map((end, i) => text.slice(marks[i] ?? 0, end));
}

it("split anywhere, it is the same answer, and garbage an error and nothing else", () => {
  fc.assert(
    fc.property(mutated, method, cuts, (text, asked, at) => {
      const whole = readAll([text], { method: asked });
      const pieces = readAll(split(text, at), { method: asked });
      // What is wrong with the end of a head may be seen before its beginning is looked at.
      expect({
        ...pieces,
        fault: pieces.fault !== undefined,
        heads: pieces.heads.slice(0, whole.heads.length),
      }).toEqual({
        ...whole,
        fault: whole.fault !== undefined,
      });
    }),
    { numRuns: 3000 },
  );
});

it("whatever it takes for an answer, Node's own parser takes for the same one", async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(answer, mutated), method, cuts, async (text, asked, at) => {
      const pieces = split(text, at);
      const own = readAll(pieces, { method: asked });
      if (!own.isWhole) return;
      taken += 1;
      const { status, headers: fields } = own.heads.at(-1) ?? { status: 0, headers: [] };
      // Node refuses an answer for what follows it: here that is looked at by itself, and closes the connection.
      const bytes = text.slice(0, text.length - own.left);
      expect(await readByNode(split(bytes, at), asked)).toEqual({
        kind: "whole",
        status,
        headers: fields,
        body: own.body,
        trailers: own.trailers,
      });
    }),
    { numRuns: 1500 },
  );
  expect(taken).toBeGreaterThan(300);
});

it("and what a server may write, it takes", async () => {
  await fc.assert(
    fc.asyncProperty(answer, method, async (text, asked) => {
      const node = await readByNode([text], asked);
      return node.kind === "refused" || readAll([text], { method: asked }).isWhole;
    }),
    { numRuns: 500 },
  );
  expect(readAll(["HTTP/1.1 200 OK\r\n\r\n"]).isWhole).toBe(true);
});
