import { join } from "node:path";
import { askAgent } from "./ssh-agent.ts";
import type { LeadsTo } from "./found.ts";
import { linesOf, unquoted } from "./lines.ts";
import type { Search } from "./search.ts";
import { target, targetText } from "./words.ts";

/** Files that include each other. */
const MAX_CONFIGS = 50;

/** Finds private keys that ssh would use, and those that an agent holds. */
export async function findSsh(search: Search): Promise<void> {
  const folder = search.home(".ssh");
  const keys = new Map<string, LeadsTo[]>(
    (await search.names(folder)).map((name) => [join(folder, name), []]),
  );
  for (const { path, leadsTo } of await identityFiles(search)) {
    const targets = keys.get(path) ?? [];
    keys.set(path, targets);
    if (leadsTo !== undefined) targets.push(leadsTo);
  }
  for (const [path, targets] of keys) {
    // Sockets of shared connections lie in this folder as well.
    const lock = (await search.isFile(path)) ? lockOf(await search.head(path)) : undefined;
    if (lock === undefined) continue;
    const name = lock === "passphrase" ? "a private key, encrypted with a passphrase" : "a private key";
    if (targets.length === 0) search.add("ssh", path, name);
    for (const leadsTo of targets)
      search.add("ssh", path, `${name}, for ${targetText(leadsTo, "a host")}`, leadsTo);
  }
  await findAgent(search);
}

/** Whether a file is a private key, and whether a passphrase locks it; undefined for another file. */
export function lockOf(head: Buffer | undefined): "open" | "passphrase" | undefined {
  const start = head?.toString("latin1") ?? "";
  if (start.startsWith("PuTTY-User-Key-File-"))
    return /^Encryption: none\r?$/m.test(start) ? "open" : "passphrase";
  const kind = /^\s{0,8}-----BEGIN ((?:[A-Z0-9]{1,16} ){0,3})PRIVATE KEY-----\r?\n?/.exec(start);
  if (kind === null) return undefined;
  // RFC 5958 (PKCS #8); RFC 1421, section 4.6.1.1, for the older form.
  if (kind[1] === "ENCRYPTED " || /^Proc-Type: 4,ENCRYPTED/m.test(start)) return "passphrase";
  if (kind[1] !== "OPENSSH ") return "open";
  // OpenSSH's PROTOCOL.key: "openssh-key-v1", NUL, then the cipher's name as a string.
  const body = Buffer.from(start.slice(kind[0].length).replaceAll(/\s/g, "").slice(0, 64), "base64");
  return body.subarray(15, 23).equals(Buffer.from("\0\0\0\u0004none", "latin1")) ? "open" : "passphrase";
}

/** The keys that ~/.ssh/config names, with the hosts that they are for (ssh_config(5), "IdentityFile", "Include"). */
async function identityFiles(
  search: Search,
): Promise<readonly { path: string; leadsTo: LeadsTo | undefined }[]> {
  const found: { path: string; leadsTo: LeadsTo | undefined }[] = [];
  const configs = [search.home(".ssh", "config")];
  for (let at = 0; at < configs.length && at < MAX_CONFIGS; at++) {
    const path = configs[at];
    const file = path === undefined ? undefined : await search.text(path);
    for (const block of sshBlocks(file?.text ?? "")) {
      const leadsTo = hostOf(block);
      for (const { key, value } of block.settings) {
        const named = value.replaceAll("%d", search.surroundings.home);
        if (key === "identityfile" && value !== "none")
          if (/%[^%]/.test(named))
            search.unread(file?.path ?? "", "names a key by what is only known when it connects");
          else found.push({ path: search.path(named, search.home(".ssh")), leadsTo });
        if (key === "include") configs.push(...(await included(search, named)));
      }
    }
  }
  return found;
}

interface Block {
  readonly hosts: readonly string[];
  readonly settings: readonly { readonly key: string; readonly value: string }[];
}

/** The blocks of an ssh_config; the first is what stands before any. */
function sshBlocks(content: string): readonly Block[] {
  const blocks: { hosts: readonly string[]; settings: { key: string; value: string }[] }[] = [
    { hosts: [], settings: [] },
  ];
  for (const { text } of linesOf(content)) {
    const trimmed = text.trim();
    const end = trimmed.search(/[\s=]/);
    if (end <= 0 || trimmed.startsWith("#")) continue;
    const key = trimmed.slice(0, end).toLowerCase();
    const value = unquoted(
      trimmed
        .slice(end)
        .replace(/^\s{0,80}=?/, "")
        .trim(),
    );
    if (key === "host") blocks.push({ hosts: value.split(/\s+/), settings: [] });
    else if (key === "match") blocks.push({ hosts: [], settings: [] });
    else blocks.at(-1)?.settings.push({ key, value });
  }
  return blocks;
}

/** Where a block for one host leads to. */
function hostOf({ hosts, settings }: Block): LeadsTo | undefined {
  const [alias] = hosts;
  if (alias === undefined || hosts.length > 1 || /[*?!]/.test(alias)) return undefined;
  const get = (wanted: string): string | undefined => settings.find(({ key }) => key === wanted)?.value;
  const host = (get("hostname") ?? alias).replaceAll("%h", alias);
  return target({ host, port: get("port"), user: get("user") }, 22);
}

/** The files of `Include config.d/*`: a star stands for a name's part. */
async function included(search: Search, value: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const named of value.split(/\s+/, 20)) {
    const path = search.path(named, search.home(".ssh"));
    const [folder, last = ""] = [join(path, ".."), path.split("/").at(-1)];
    const star = last.indexOf("*");
    if (star < 0) found.push(path);
    else
      for (const name of await search.names(folder))
        if (name.startsWith(last.slice(0, star)) && name.endsWith(last.slice(last.lastIndexOf("*") + 1)))
          found.push(join(folder, name));
  }
  return found;
}

async function findAgent(search: Search): Promise<void> {
  const socket = search.env("SSH_AUTH_SOCK");
  if (socket === undefined) return;
  const path = search.path(socket);
  const answer = await askAgent(path);
  if (answer.kind === "keys" && answer.count > 0)
    search.add(
      "ssh",
      "environment variable SSH_AUTH_SOCK",
      answer.count === 1 ? "an agent with one key" : `an agent with ${answer.count} keys`,
    );
  if (answer.kind === "unread") search.unread(path, answer.why);
}
