/** A configuration that loads with `testProtocol` and `goodEnvironment`; tests break it in one place at a time. */
export const good = `# A shop
url: https://mayfly.internal:8443
listen: { https: 0.0.0.0:8443, postgres: 0.0.0.0:6432 }
store: sqlite:data/mayfly.db
identity:
  agents:
    issuer: https://example.okta.com/oauth2/aus4x2kq
    audience: api://mayfly
    groups_claim: groups
    directory:
      0oa1b2c3d4: { name: support-bot, owner: owner@example.com, groups: [support-agents] }
    outage: 2h
    introspection: { client_id: gw, client_secret: { env: GATEWAY_SECRET }, every: 30s }
  people:
    oidc: { issuer: https://example.okta.com, client_id: 0oa9, client_secret: { env: OKTA_SECRET } }
    clients: [cli]
  roles: { reviewer: [support-leads, sre], operator: [platform], auditor: [security] }
connections:
  orders-db:
    postgres: { host: db.internal, database: shop, user: mayfly, password: { env: ORDERS_PASSWORD } }
    operations:
      read-orders:
        description: Read orders
        statements: [select]
        tables: { public.orders: all, public.customers: [id, name] }
        timeout: 30s
      refund-order:
        risk: high
        statements: [update]
        tables: { public.orders: [status] }
policies:
  - name: support agents read orders
    groups: [support-agents]
    connection: orders-db
    operations: [read-orders]
    ttl: { default: 5m, max: 15m }
  - name: a refund needs a person
    groups: [support-agents]
    connection: orders-db
    operations: [refund-order]
    ttl: 10m
    when: context.reason like "*TICKET-*"
    approval: { by: [support-leads] }
  - name: nobody writes at night
    forbid: true
    groups: [support-agents]
    connection: orders-db
    operations: [refund-order]
    when: context.hour < 6
audit: { sync: always, checkpoint_every: 20s }
limits: { connections: 100 }
`;

export const goodEnvironment: NodeJS.ProcessEnv = {
  GATEWAY_SECRET: "gateway-value-1",
  OKTA_SECRET: "okta-value-2",
  ORDERS_PASSWORD: "orders-value-3",
  EMPTY: "",
  NOT_A_URL: "postgres-value-4",
};
