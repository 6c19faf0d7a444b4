import { expect, test } from "vitest";
import { postgresAccess } from "./access.ts";

const grant = { id: "gr_0000000000000001", connection: "orders-db" };

test("with the secret it stands in the URI and in PGPASSWORD", () => {
  const access = postgresAccess(
    { ...grant, secret: "s3cret" },
    { url: "https://mayfly.internal:8443", port: 6432 },
  );
  expect(access).toEqual({
    protocol: "postgres",
    dsn: "postgresql://gr_0000000000000001:s3cret@mayfly.internal:6432/orders-db?sslmode=verify-full",
    env: {
      PGHOST: "mayfly.internal",
      PGPORT: "6432",
      PGUSER: "gr_0000000000000001",
      PGDATABASE: "orders-db",
      PGSSLMODE: "verify-full",
      PGPASSWORD: "s3cret",
    },
    secret: "s3cret",
  });
});

test("without it there is none, and an IPv6 address has brackets in the URI alone", () => {
  const access = postgresAccess(grant, { url: "https://[::1]:8443", port: 6432 });
  expect(access.dsn).toBe("postgresql://gr_0000000000000001@[::1]:6432/orders-db?sslmode=verify-full");
  expect(access.env).toMatchObject({ PGHOST: "::1" });
  expect(access.env).not.toHaveProperty("PGPASSWORD");
  expect(access).not.toHaveProperty("secret");
});

test("without a port there is no way in", () => {
  expect(postgresAccess(grant, { url: "https://mayfly.internal:8443" })).toEqual({
    protocol: "postgres",
    env: {},
  });
});
