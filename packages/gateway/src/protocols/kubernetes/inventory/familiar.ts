import { programOf } from "./programs.ts";

/** Programs that look at things, and of which `programOf` tells when they do more. */
const familiar: ReadonlySet<string> = new Set(
  (
    "ls dir tree cat tac head tail nl wc sort uniq cut tr fold column rev diff cmp comm grep egrep fgrep zcat zgrep find stat file readlink realpath basename dirname pwd " +
    "df du free uptime uname arch nproc lscpu lsblk lsof vmstat iostat mpstat ps pgrep pidof top date cal id whoami groups who hostname getent locale " +
    "md5sum sha1sum sha224sum sha256sum sha384sum sha512sum cksum sum od hexdump xxd strings base64 echo printf true false sleep seq test [ expr bc jq yq sed " +
    "which whereis ss netstat ping ping6 dig host nslookup curl wget git"
  ).split(" "),
);

/** Why a command that could be granted is not proposed: its program may do anything, as far as is known here. */
export const UNFAMILIAR = "what the program does is not known here";

/** Whether it is known what a command's program does, also behind others that run it. */
export const isFamiliar = (argv: readonly string[]): boolean => familiar.has(programOf(argv).name);
