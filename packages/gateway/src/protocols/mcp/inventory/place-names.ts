import { wordsOf } from "./words-of-names.ts";

/** What an argument's name says its text is; undefined: nothing. */
export type Named = "path" | "folder" | "uri" | "host" | undefined;

const folders = /^(?:dir|dirs|directory|directories|dirname|folder|folders|foldername|cwd|workdir)$/;
const paths =
  /^(?:path|paths|pathname|file|files|filename|filenames|filepath|filepaths|root|roots|destination|destinations|dest|dst|infile|outfile)$/;
/** Names of places, and of much else: `source: "newsletter"`. */
const maybePaths = /^(?:source|sources|src|target|targets)$/;
const uris =
  /^(?:url|urls|uri|uris|href|hrefs|link|links|endpoint|endpoints|webhook|webhooks|callback|callbacks)$/;
const hosts = /^(?:host|hosts|hostname|hostnames)$/;
/** Names of hosts, and of much else: `domain: "sales"`, `address: "12 High Street"`. */
const maybeHosts = /^(?:domain|domains|server|servers|site|website|homepage|ip|address|addr)$/;

/** Names of addresses, and of much else: `next: "page 2"`. */
const maybeUris =
  /^(?:proxy|proxies|baseurl|imageurl|origin|origins|u|redirect|redirects|redirectto|next|returnto|goto|referer|referrer|remote|upstream|gateway|relay)$/;

/** One word with a slash in it, or with an ending as files have: `a/b`, `notes.txt`. */
const isLikePath = (value: string): boolean =>
  !/\s/u.test(value) && (/[/\\]/u.test(value) || /\.[A-Za-z]\w{0,7}$/u.test(value));

/** A name with dots, an address, or this machine, and nothing else. */
const isLikeHost = (value: string): boolean =>
  value.length <= 256 && /^(?:[\w-]+(?:\.[\w-]+)+\.?|localhost|\[[\da-f:.]+\])(?::\d+)?$/i.test(value);

/** A host with dots, or one word with a port, with an account or without, and what may stand behind it. */
const isLikeUri = (value: string): boolean =>
  /^(?:[^@/\s]*@)?(?:(?:[\w-]+\.)+[a-z]{2,}\.?(?::\d+)?|[a-z][\w-]*:\d{2,5})(?:[/?#]\S*)?$/i.test(value);

/** @param member the argument's name; its last word counts: `target_file`, `fileName` */
export function namedBy(member: string, value: string): Named {
  const words = wordsOf(member);
  const last = words.at(-1) ?? "";
  const both = words.slice(-2).join("");
  if (folders.test(last) || folders.test(both)) return "folder";
  if (paths.test(last) || paths.test(both)) return "path";
  if (uris.test(last)) return "uri";
  if ((maybeUris.test(last) || maybeUris.test(both)) && isLikeUri(value)) return "uri";
  if (hosts.test(last) || hosts.test(both)) return "host";
  if (maybeHosts.test(last) && isLikeHost(value)) return "host";
  return maybePaths.test(last) && isLikePath(value) ? "path" : undefined;
}
