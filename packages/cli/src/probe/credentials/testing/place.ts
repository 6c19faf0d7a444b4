import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findCredentials } from "../find.ts";
import type { FoundHere, Surroundings } from "../found.ts";

/** A machine in a folder: its home, a working folder in that, and a gateway at gateway.test:6432 and :8443. */
export interface Place extends Disposable {
  readonly surroundings: Surroundings;
  /** The path of "~/…", "./…" (the working folder) or "/…". */
  path(name: string): string;
  write(files: Readonly<Record<string, string | Buffer>>): void;
  /** What is found, with the folder's own path taken out of it. */
  find(env?: Readonly<Record<string, string>>): Promise<FoundHere>;
}

/** Makes such a machine. */
export function makePlace(files: Readonly<Record<string, string | Buffer>> = {}): Place {
  const root = mkdtempSync(join(tmpdir(), "mayfly-found-"));
  const home = join(root, "home/a");
  const cwd = join(home, "work");
  mkdirSync(cwd, { recursive: true });
  const surroundings: Surroundings = {
    env: {},
    home,
    cwd,
    root,
    uid: 1000,
    isGateway: (host, port) =>
      host === "gateway.test" && (port === undefined || port === 6432 || port === 8443),
  };
  const path = (name: string): string =>
    name.startsWith("~")
      ? join(home, name.slice(1))
      : name.startsWith(".")
        ? join(cwd, name)
        : join(root, name);
  const write: Place["write"] = (named) => {
    for (const [name, content] of Object.entries(named)) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), content, { mode: 0o600 });
    }
  };
  write(files);
  return {
    surroundings,
    path,
    write,
    async find(env = {}) {
      const absolute = Object.fromEntries(
        Object.entries(env).map(([name, value]) => [name, value.replaceAll("ROOT", root)]),
      );
      const found = await findCredentials({ ...surroundings, env: absolute });
      const shorter = (text: string): string =>
        text.replaceAll(cwd, ".").replaceAll(home, "~").replaceAll(root, "");
      return {
        credentials: found.credentials.map((one) => ({
          ...one,
          place: shorter(one.place),
          name: shorter(one.name),
        })),
        proxies: found.proxies.map((one) => ({ ...one, place: shorter(one.place) })),
        unread: found.unread.map((one) => ({ ...one, place: shorter(one.place) })),
      };
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
