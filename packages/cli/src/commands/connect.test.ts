import { describe, expect, test } from "vitest";
import { clientOf } from "./connect.ts";

const url = "https://mayfly.internal:8443/http/billing-api";

describe("the client for a way in", () => {
  test("of a database is psql, with the arguments behind --", () => {
    expect(clientOf({ protocol: "postgres" }, ["-c", "select 1"]).client).toEqual(["psql", "-c", "select 1"]);
  });

  test("of a cluster is a shell, or kubectl with arguments", () => {
    const cluster = { protocol: "kubernetes" };
    expect(clientOf(cluster, ["get", "pods"])).toEqual({ client: ["kubectl", "get", "pods"], words: [] });
    const { client, words } = clientOf(cluster, [], "/bin/zsh");
    expect(client).toEqual(["/bin/zsh"]);
    expect(words).toEqual([
      "mayfly: kubectl works in this shell (KUBECONFIG)",
      "mayfly: exit ends this shell and releases the grant",
    ]);
  });

  test("of an API or an MCP server is a shell, with what to send, and never the bearer itself", () => {
    const { client, words } = clientOf({ protocol: "http", url }, []);
    expect(client).toEqual(["/bin/sh"]);
    expect(words[0]).toBe(`mayfly: base URL ${url}`);
    expect(words[1]).toContain('curl -H "Authorization: Bearer $MAYFLY_BEARER" "$MAYFLY_HTTP_URL/');
    expect(clientOf({ protocol: "mcp", url }, []).words[0]).toBe(`mayfly: MCP server ${url}`);
    expect(() => clientOf({ protocol: "http", url }, ["-v"])).toThrow("no client of http takes arguments");
  });
});
