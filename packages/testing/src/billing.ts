import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as the billing API saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A small internal API: invoices, refunds, and a feed that never ends. */
export interface Billing {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Feeds that are open now. */
  readonly feeds: number;
  stop(): Promise<void>;
}

/** The credential that the API wants, and only the gateway has. */
export const billingAuth = "Bearer only-the-gateway-bills";

const FEED_BEAT_MS = 10_000;

/** Starts it on the loopback address. */
export async function startBilling(): Promise<Billing> {
  const seen: Seen[] = [];
  let feeds = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.once("end", () => {
      const { method = "", url = "", headers } = request;
      seen.push({ method, url, headers, body });
      response.setHeader("content-type", "application/json");
      if (headers.authorization !== billingAuth) {
        response.writeHead(401).end('{"error":"who are you?"}');
        return;
      }
      if (url === "/v1/feed") {
        feeds += 1;
        // As feeds do, so that nothing between takes the connection for dead.
        const beat = setInterval(() => response.write(": still here\n\n"), FEED_BEAT_MS);
        response.once("close", () => {
          clearInterval(beat);
          feeds -= 1;
        });
        response.setHeader("content-type", "text/event-stream");
        response.write("data: open\n\n");
        return;
      }
      if (method === "POST") {
        response
          .writeHead(201)
          .end(JSON.stringify({ refunded: (JSON.parse(body) as { cents: number }).cents }));
        return;
      }
      response.end(
        JSON.stringify({
          id: url.split("/").at(-1),
          cents: 1250,
          customer: { name: "Ada", email: "ada@example.com" },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get feeds() {
      return feeds;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Adds the billing API to a configuration: reading at once, refunds with a person's approval. */
export function withBilling(text: string, url: string, folder: string): string {
  return text
    .replace(
      "connections:\n",
      `connections:
  billing-api:
    http: { url: "${url}", headers: { authorization: { env: BILLING_AUTH } } }
    operations:
      read-invoice:
        description: Read one invoice
        requests: ["GET /v1/invoices/{id:[0-9]+}", "GET /v1/feed"]
        query: [expand]
        response: { mask: [/customer/email] }
      follow:
        description: Follow what is billed
        requests: ["GET /v1/feed"]
      refund:
        description: Refund an invoice, up to 500.00
        risk: high
        requests: ["POST /v1/refunds"]
        body: ${folder}/refund.json
        budget: 3
`,
    )
    .replace(
      "policies:\n",
      `policies:
  - name: support agents read invoices
    groups: [support-agents]
    connection: billing-api
    operations: [read-invoice, follow]
    ttl: { default: 5m, max: 15m }
  - name: a refund of an invoice needs a person
    groups: [support-agents]
    connection: billing-api
    operations: [refund]
    ttl: 10m
    approval: { by: [support-leads], within: 30m }
`,
    );
}
