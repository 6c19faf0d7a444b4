// A receiver of Mayfly's events: WEBHOOK_SECRET=whsec_… PORT=9000 npx node examples/webhook-receiver.ts
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env["WEBHOOK_SECRET"] ?? "");
const seen = new Set<string>(); // in earnest: a table, since an event may come twice

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (part: string) => {
    body += part;
    if (body.length > 131_072) request.destroy(); // no event is as long
  });
  request.on("end", () => {
    let event: { type: string; timestamp: string; data: { log: string; seq: number; request?: string } };
    try {
      // Over the body as it came, before anything else is done with it; refuses what is older than five minutes.
      event = webhook.verify(body, request.headers as Record<string, string>) as typeof event;
    } catch {
      response.writeHead(401).end();
      return;
    }
    const id = String(request.headers["webhook-id"]);
    if (!seen.has(id)) {
      seen.add(id);
      console.log(`${event.timestamp} ${event.type} ${event.data.request ?? ""}`);
    }
    response.writeHead(204).end(); // within 15 seconds; do the work afterwards
  });
});
server.listen(Number(process.env["PORT"] ?? 9000), "127.0.0.1", () => console.log("listening"));
