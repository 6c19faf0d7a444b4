import { readFileSync } from "node:fs";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, getAccess } from "../support/api.ts";
import { psql, startWorld, verifyLog, type World } from "../support/world.ts";

/** Opens a connection to the API and sends the beginning of a request. */
function begin(world: World, bytes: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        host: "127.0.0.1",
        port: Number(new URL(world.gateway.url).port),
        ca: readFileSync(world.gateway.caFile),
        servername: "localhost",
      },
      () => {
        socket.write(bytes);
        resolve(socket);
      },
    );
    socket.once("error", reject);
  });
}

describe("a gateway among hostile clients and careless operators", () => {
  let world: World;
  let token: string;

  beforeAll(async () => {
    world = await startWorld({ store: "sqlite" });
    token = await world.agentToken();
  });
  afterAll(() => world.stop());

  test("stops in time, its log closed, although clients never finish their requests", async () => {
    const head = `POST /v1/requests HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`;
    const slow = [
      await begin(world, "GET /v1/me HTTP/1.1\r\nHost: loc"),
      await begin(world, `${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`),
    ];
    for (const socket of slow) socket.on("error", () => undefined);
    // A request after them has been answered: theirs have arrived.
    expect((await call(world.gateway, token, "GET", "/v1/me")).status).toBe(200);
    const late = new Promise((resolve) => setTimeout(() => resolve("not in 20 s"), 20_000).unref());
    expect(await Promise.race([world.gateway.stop("SIGTERM"), late])).toBe(0);
    for (const socket of slow) socket.destroy();
    expect(verifyLog(world)).toMatchObject({ code: 0 });
    await world.restart();
  });

  test("waits for a file that is still being written, and refuses one that ends within a line", async () => {
    let whole = "";
    await world.edit((text) => {
      whole = text;
      return text.slice(0, text.indexOf("  - name: a refund needs a person"));
    });
    world.gateway.signal("SIGHUP");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await world.edit(() => whole);
    expect(await world.gateway.line("configuration adopted")).toMatchObject({ changes: [] });
    await world.edit(() => whole.trimEnd());
    world.gateway.signal("SIGHUP");
    const refused = await world.gateway.line("configuration refused; the running one is untouched");
    expect(String(refused["why"])).toContain("cut short");
    await world.edit(() => whole);
  });

  test("ends at its start what a file that was changed meanwhile no longer allows", async () => {
    const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
    const query = ["-At", "-c", "select 1"];
    expect((await psql(world, access.env, query)).stdout).toBe("1\n");
    await world.gateway.stop("SIGTERM");
    await world.restart();
    expect((await psql(world, access.env, query)).stdout).toBe("1\n");
    await world.gateway.stop("SIGTERM");
    const entry = /^ +0oasupportbot: .*\n/m;
    let left = "";
    await world.edit((text) => {
      left = entry.exec(text)?.[0] ?? "";
      return text.replace(/^ +directory:\n +0oasupportbot: .*\n/m, "");
    });
    expect(left).not.toBe("");
    await world.restart();
    expect((await psql(world, access.env, query)).code).toBe(2);
    const { body } = await call(world.gateway, token, "GET", `/v1/grants/${access.grant}`);
    expect(body).toMatchObject({ state: "revoked" });
  });
});
