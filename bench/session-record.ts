import type { NewRecord } from "../packages/gateway/src/audit/records.ts";

/** The opening record of a session of PostgreSQL, as a gateway writes it. @param id tells it from others */
export function sessionOpened(id: string | number): NewRecord {
  return {
    type: "session.opened",
    detail: { address: "10.2.0.7", protocol: "postgres", tls: true },
    principal: {
      kind: "agent",
      issuer: "https://example.okta.com/oauth2/aus4x2kq",
      subject: "0oa1b2c3d4",
      name: "support-bot",
    },
    request: `req_${id}`,
    grant: `gr_${id}`,
    session: `ses_${id}`,
    connection: "orders-db",
    operations: ["read-orders"],
    policy: "support agents read orders",
    configuration: `sha256:${"a".repeat(64)}`,
  };
}
