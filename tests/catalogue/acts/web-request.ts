import { createServer, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { makeWorld } from "../../../packages/gateway/src/gate/testing/fakes.ts";
import { createRouter } from "../../../packages/gateway/src/gate/web/router.ts";
import { systemClock } from "../../../packages/gateway/src/kernel/clock.ts";
import { createProtocols } from "../../../packages/gateway/src/main/protocols.ts";
import type { Act, Ready } from "../case.ts";
import { certificates, startUpstream, type Answer, type Speech } from "./upstream.ts";

const bearer = "good.0oabot";

/** One request to the gateway. */
export interface Ask {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The gateway's answer. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Errand {
  readonly connection: string;
  readonly answer?: Answer;
  readonly speech?: Speech;
  readonly asks: readonly Ask[];
  /** Further files beside the configuration. */
  readonly files?: Readonly<Record<string, string>>;
  /** What came of the last answer; left out: `passed` for 2xx, else the rule or the status and the words. */
  readonly outcome?: (answer: Answered) => string;
}

/** `passed` for what was done; anything else by its status and its words, which name the rule. */
export function refusalOf({ status, text }: Answered): string {
  const failed = /"error":\{|"isError":true/.test(text);
  return status >= 200 && status < 300 && !failed ? "passed" : `${status} | ${text}`;
}

/** One request over a connection of its own: `fetch` sends no Host of ours. */
function request(port: number, { path, method = "GET", headers = {}, body }: Ask): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ port, host: "127.0.0.1", path, method, headers, agent: false });
    asked.on("error", reject);
    asked.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("error", () => undefined);
      response.on("close", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    asked.end(body);
  });
}

/** Sends requests through the gateway's router to a connection, under one grant, before a server of the case's own. */
export function send({
  connection,
  answer,
  speech = "http",
  files = {},
  asks,
  outcome = refusalOf,
}: Errand): Act {
  return async (load) => {
    const upstream = await startUpstream(answer ?? ((_, response) => void response.end("{}")), speech);
    try {
      const { files: certificateFiles } = await certificates();
      const ready = await load({ port: String(upstream.port) }, { ...certificateFiles, ...files });
      const answered = await through(ready, connection, asks);
      return outcome(answered);
    } finally {
      await upstream.close();
    }
  };
}

async function through({ configuration }: Ready, name: string, asks: readonly Ask[]): Promise<Answered> {
  const connection = configuration.connections.get(name);
  if (connection === undefined) throw new TypeError(`no connection ${name}`);
  const world = makeWorld(connection);
  const grant = "gr_0000000000000001";
  world.activate(grant, 600_000);
  const { url } = configuration;
  const protocols = createProtocols({
    clock: systemClock,
    gateway: () => "catalogue",
    secureContext: () => {
      throw new TypeError("nothing here is under TLS");
    },
    allowsInsecureLoopback: () => true,
    url: () => url,
  });
  const routes = protocols.flatMap((protocol) =>
    protocol.kind === connection.kind && protocol.web !== undefined
      ? [{ kind: protocol.kind, handler: protocol.web, gate: world.gates.forProtocol(protocol) }]
      : [],
  );
  const router = createRouter(routes, url, (error) => world.faults.push(error));
  const server = createServer((request, response) => router.request(request, response, false));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  try {
    let last: Answered = { status: 0, headers: {}, text: "nothing was asked" };
    for (const ask of asks) {
      last = await request(port, {
        ...ask,
        path: `/${connection.kind}/${name}${ask.path}`,
        headers: { host: new URL(url).host, authorization: `Bearer ${bearer}`, ...ask.headers },
      });
    }
    return last;
  } finally {
    world.end(grant, { state: "released", words: "the case is over" });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
