// Where the source of a package is, for its package.json. It is asked of the clone, and written nowhere: npm publishes
// with provenance only what names the very repository whose workflow built it, in a fork too.
import { spawnSync } from "node:child_process";

/** A remote's address as npm writes it, without who logs in there; undefined for a folder or an unknown form. */
export function addressOf(remote) {
  const [, host, path] =
    /^(?:https|ssh|git):\/\/(?:[^/@]*@)?([\w.-]+)(?::\d+)?\/(.+?)(?:\.git)?\/?$/.exec(remote) ??
    /^(?:[\w.-]+@)?([\w.-]+):(?!\/)(.+?)(?:\.git)?\/?$/.exec(remote) ??
    [];
  return host === undefined ? undefined : `git+https://${host}/${path}.git`;
}

/**
 * The `repository` of what is built from a clone: that of the workflow that runs, else that of its remote `origin`;
 * undefined in a clone of a folder.
 * @returns {{ type: "git", url: string } | undefined}
 */
export function repositoryOf(root, environment = process.env) {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = environment;
  const origin =
    server !== undefined && name !== undefined
      ? `${server}/${name}`
      : spawnSync("git", ["remote", "get-url", "origin"], { cwd: root, encoding: "utf8" }).stdout?.trim();
  const url = addressOf(origin ?? "");
  return url === undefined ? undefined : { type: "git", url };
}
