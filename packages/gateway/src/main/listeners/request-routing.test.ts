import { once } from "node:events";
import { connect as connectHttp2, createServer as createHttp2Server, type Http2Server } from "node:http2";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { routeRequests } from "./request-routing.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
});

/** Listens; what comes is answered with 200 when it may, and may when it is let. */
async function start(server: Server | Http2Server): Promise<{ readonly port: number; taken(): number }> {
  let taken = 0;
  routeRequests(server, {
    take(_request, _response, begin) {
      taken += 1;
      begin();
    },
    router: undefined,
    takes: () => false,
    handler: (_, response) => void response.end(),
    isLeaving: () => false,
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undo.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, taken: () => taken };
}

it.each([
  ["any other", "Host: a\r\n", "200"],
  ["one that waits for 100 (Continue)", "Host: a\r\nExpect: 100-continue\r\n", "100"],
  ["one that expects what there is not", "Host: a\r\nExpect: x\r\n", "417"],
  ["one without a host", "", "400"],
])(
  "a request of HTTP/1.1 is answered in its turn, and Node answers none by itself: %s",
  async (_, headers, status) => {
    const { port, taken } = await start(createServer({ requireHostHeader: false }));
    const socket = connect(port, "127.0.0.1");
    undo.push(() => socket.destroy());
    socket.write(`GET / HTTP/1.1\r\n${headers}\r\n`);
    const [head] = (await once(socket, "data")) as [Buffer];
    expect([String(head).slice(9, 12), taken()]).toEqual([status, 1]);
  },
);

it.each([
  ["any other", { ":path": "/" }, 200],
  ["one that expects what there is not", { ":path": "/", expect: "x" }, 417],
  ["one for a tunnel", { ":method": "CONNECT", ":authority": "a:1" }, 405],
])("a stream of HTTP/2 too: %s", async (_, headers, status) => {
  const { port, taken } = await start(createHttp2Server());
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  undo.push(() => session.destroy());
  const stream = session.request(headers);
  const [answer] = (await once(stream, "response")) as [{ readonly ":status": number }];
  expect([answer[":status"], taken()]).toEqual([status, 1]);
});
