// tier: full
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { useServers } from "../testing/servers.ts";
import { containerSockets, tryContainerSocket, waysOfHost } from "./host.ts";

/** What ends because something is said may take as long as it likes. */
const LONG_MS = 60_000;

const { listen, serve } = useServers();

describe("a container engine's socket", () => {
  test("is open when it takes the connection, and absent otherwise", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "mayfly-socket-"));
    try {
      const file = path.join(folder, "docker.sock");
      await listen(createServer(), { path: file });
      expect((await tryContainerSocket(file, LONG_MS)).found).toBe("answered");
      expect((await tryContainerSocket(path.join(folder, "none"), LONG_MS)).found).toBe("absent");
      writeFileSync(path.join(folder, "plain"), "");
      expect((await tryContainerSocket(path.join(folder, "plain"), LONG_MS)).found).toBe("absent");
      const env = { DOCKER_HOST: `unix://${file}`, XDG_RUNTIME_DIR: "/run/user/7" };
      expect(containerSockets(env)).toEqual(
        expect.arrayContaining([file, "/run/user/7/podman/podman.sock", "/var/run/docker.sock"]),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a container engine that a variable names", () => {
  /** What becomes of the one way that has this address. */
  async function found(name: string, url: string): Promise<string | undefined> {
    const ways = waysOfHost({ env: { [name]: url }, ms: LONG_MS }).filter(
      ({ by, to }) => by === "container engine" && to === new URL(url).host,
    );
    expect(ways).toHaveLength(1);
    return (await ways[0]?.run())?.found;
  }

  test.each(["DOCKER_HOST", "CONTAINER_HOST"])("by %s over TCP is open when it is there", async (name) => {
    const port = await serve(() => undefined);
    expect(await found(name, `tcp://127.0.0.1:${port}`)).toBe("answered");
    expect(await found(name, "tcp://127.0.0.1:1")).toBe("refused");
  });

  test("over SSH is not tried", async () => {
    expect(await found("DOCKER_HOST", "ssh://bot@engine.invalid")).toBe("other");
  });
});
