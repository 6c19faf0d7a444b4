// tier: full
import { readFileSync } from "node:fs";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { psql, startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

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
    const late = new Promise((resolve) => setTimeout(() => resolve("not in 90 s"), 90_000).unref());
    expect(await Promise.race([world.gateway.stop("SIGTERM"), late])).toBe(0);
    for (const socket of slow) socket.destroy();
    expect(verifyLog(world)).toMatchObject({ code: 0 });
    await world.restart();
  });

  test("waits for a file that is still being written, and refuses one that ends within a line", async () => {
    const whole = readFileSync(world.file, "utf8");
    const beginning = whole.slice(0, whole.indexOf("  - name: a refund needs a person"));
    const adopted = (): readonly Record<string, unknown>[] =>
      world.gateway.lines.filter(({ msg }) => msg === "configuration adopted");
    const reload = async (meanwhile = async (): Promise<void> => undefined): Promise<unknown> => {
      const before = adopted().length;
      world.gateway.signal("SIGHUP");
      await meanwhile();
      await expect.poll(() => adopted().length).toBe(before + 1);
      return adopted().at(-1)?.["changes"];
    };
    /** Writes the file in two parts, and tells how long that took and what was adopted. */
    const writeInParts = async (): Promise<{ readonly took: number; readonly changes: unknown }> => {
      await world.edit(() => beginning);
      const begun = performance.now();
      let took = Infinity;
      const changes = await reload(async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        await world.edit(() => whole);
        took = performance.now() - begun;
      });
      return { took, changes };
    };
    let written = await writeInParts();
    // A file that rests for 200 ms is taken for whole: a machine that needs longer for its second part shows nothing.
    while (written.took >= 200) {
      await reload();
      written = await writeInParts();
    }
    expect(written.changes).toEqual([]);
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
      return text.replace(entry, "");
    });
    expect(left).not.toBe("");
    await world.restart();
    expect((await psql(world, access.env, query)).code).toBe(2);
    const { body } = await call(world.gateway, token, "GET", `/v1/grants/${access.grant}`);
    expect(body).toMatchObject({ state: "revoked" });
  });
});
