// Says to nginx whether a bearer may pass: what somebody would write who builds a gateway of nginx and a few lines.
// `node bench/http/authorizer.ts PORT BEARER-SHA256`
import { createHash } from "node:crypto";
import { createServer } from "node:http";

const [port, known] = process.argv.slice(2);

createServer({ noDelay: true }, ({ headers }, response) => {
  const digest = createHash("sha256")
    .update(headers.authorization ?? "")
    .digest("hex");
  response.writeHead(digest === known ? 204 : 401).end();
}).listen(Number(port), "127.0.0.1");
