import pg from "pg";
import { testGrant, testSecret } from "./fake-gate.ts";
import type { Listening, TestCertificate } from "./wire.ts";

/** node-postgres with the fake gate's grant, over TLS that it verifies. */
export function pgClient(
  wire: Pick<Listening, "port">,
  certificate: Pick<TestCertificate, "authority">,
  options: pg.ClientConfig = {},
): pg.Client {
  return new pg.Client({
    host: "127.0.0.1",
    port: wire.port,
    user: testGrant,
    password: testSecret,
    database: "shop",
    ssl: { ca: certificate.authority, servername: "localhost" },
    ...options,
  });
}
