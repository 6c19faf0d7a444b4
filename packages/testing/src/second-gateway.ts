import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { startGateway, type GatewayProcess } from "./gateway.ts";
import { freePort } from "./ports.ts";
import type { World } from "./world.ts";

/** What a world's configuration needs so that another gateway can stand beside its own: a log with a name of its own. */
export const namedFirst = (text: string): string => text.replace("audit: {", "audit: { name: first,");

/**
 * Makes another gateway on a world's PostgreSQL store, with ports, data and a log of its own. Both have the URL of what
 * would stand before them.
 * @param world whose configuration went through `namedFirst`
 * @param environment further variables of its environment
 * @param name of its log
 * @returns starts it, for the first time and again
 */
export async function secondGateway(
  world: World,
  environment: Readonly<Record<string, string>> = {},
  name = "second",
): Promise<() => Promise<GatewayProcess>> {
  const ports = [await freePort(), await freePort()] as const;
  const text = await readFile(world.file, "utf8");
  const [, https = "", postgres = ""] =
    /https: "127\.0\.0\.1:(\d+)", postgres: "127\.0\.0\.1:(\d+)"/.exec(text) ?? [];
  const folder = path.join(world.folder, "second");
  await mkdir(folder);
  const file = path.join(folder, "mayfly.yaml");
  await writeFile(
    file,
    text
      .replace(`https: "127.0.0.1:${https}"`, `https: "127.0.0.1:${ports[0]}"`)
      .replace(`127.0.0.1:${postgres}`, `127.0.0.1:${ports[1]}`)
      .replace("name: first", `name: ${name}`)
      .replace("okta-metadata.xml", path.join(world.folder, "okta-metadata.xml")),
  );
  return async () => ({
    ...(await startGateway(file, { ...world.environment, ...environment })),
    url: `https://localhost:${ports[0]}`,
  });
}
