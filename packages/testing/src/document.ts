import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

/** A fenced block of a page: what stands after the three backticks, and its text. */
export interface Block {
  /** The first word, for example `console`. */
  readonly language: string;
  /** The other words: `run` is `{ run: "" }`, `file=a.yaml` is `{ file: "a.yaml" }`. */
  readonly words: Readonly<Record<string, string>>;
  readonly text: string;
  /** The line of the page on which its text begins. */
  readonly line: number;
  /** The headings that it stands under, outermost first. */
  readonly under: readonly string[];
}

/** The fenced blocks of a Markdown page. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  const headings: string[] = [];
  let open: { info: string; line: number; text: string[] } | undefined;
  for (const [index, line] of page.split("\n").entries()) {
    if (open !== undefined) {
      if (line !== "```") open.text.push(line);
      else {
        const [language = "", ...words] = open.info.split(" ");
        const entries = words.map((word) => {
          const [name = "", ...value] = word.split("=");
          return [name, value.join("=")];
        });
        const text = `${open.text.join("\n")}\n`;
        blocks.push({
          language,
          words: Object.fromEntries(entries) as Record<string, string>,
          text,
          line: open.line,
          under: headings.filter((heading) => heading !== undefined),
        });
        open = undefined;
      }
      continue;
    }
    const [, hashes, heading] = /^(#+) (.*)$/.exec(line) ?? [];
    if (hashes !== undefined && heading !== undefined) headings.splice(hashes.length - 1, 9, heading);
    else if (line.startsWith("```")) open = { info: line.slice(3), line: index + 2, text: [] };
  }
  if (open !== undefined) throw new Error(`the block of line ${open.line} has no end`);
  return blocks;
}

/** A command of a console block, and what the page says it prints. */
export interface Shown {
  readonly command: string;
  readonly output: readonly string[];
}

/**
 * The commands of a console block: they follow `$ `, go on after a backslash or up to the end of a here document, and
 * what stands below is printed by them.
 */
export function commandsOf(text: string): Shown[] {
  const all: { command: string; output: string[] }[] = [];
  let until: string | undefined;
  let goesOn = false;
  for (const line of text.trimEnd().split("\n")) {
    const last = all.at(-1);
    if (last !== undefined && (goesOn || until !== undefined)) {
      last.command += `\n${line}`;
      if (line === until) until = undefined;
    } else if (line.startsWith("$ ")) all.push({ command: line.slice(2), output: [] });
    else if (last === undefined) throw new Error(`no command stands above: ${line}`);
    else {
      last.output.push(line);
      continue;
    }
    goesOn = line.endsWith("\\");
    until ??= /<<'(\w+)'/.exec(line)?.[1];
  }
  return all;
}

/** What differs from run to run: ids, digests, times, sequence numbers, and the widths of columns. */
const varying: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/\b(gr|req|ses|bs|sig|apr|dlv)_[0-9a-z]{16}\b/g, "$1_ID"],
  [/sha256:[0-9a-f]{64}/g, "sha256:DIGEST"],
  [/\b[0-9a-z]{32}\b/g, "SECRET"],
  [/\b\d+ (record|checkpoint)s?\b/g, "N $1s"],
  [/\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?/g, "TIME"],
  [/\b(\d+(ms|s|m|h) ?)+ ago\b/g, "SPAN ago"],
  [/\bin (\d+(ms|s|m|h) ?)+(?=\W|$)/g, "in SPAN"],
  [/#\d+/g, "#N"],
  [/\b[A-Z]{4}-[A-Z]{4}\b/g, "CODE-CODE"],
  [/-{3,}/g, "---"],
  [/[ \t]+/g, " "],
];

function leveled(line: string): string {
  return varying.reduce((text, [pattern, word]) => text.replaceAll(pattern, word), line).trim();
}

/**
 * Whether a command printed what the page shows. `…` stands for anything in its line; alone in a line, for any lines.
 */
export function isAsShown(shown: readonly string[], printed: string): boolean {
  const source = shown.map((line) =>
    line.trim() === "…"
      ? "(?:.*\n)*?"
      : `${leveled(line)
          .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
          .replaceAll("…", ".*")}\n`,
  );
  const lines = printed.trimEnd().split("\n").map(leveled).join("\n");
  return new RegExp(`^${source.join("")}$`).test(`${lines}\n`);
}

/** The same of JSON, which a page breaks into lines of its own: blanks do not count, and `…` stands for anything. */
export function isJsonAsShown(shown: readonly string[], printed: string): boolean {
  const dense = (text: string): string => leveled(text).replaceAll(/\s/g, "");
  const source = dense(shown.join("\n"))
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("…", ".*");
  return new RegExp(`^${source}$`).test(dense(printed));
}

/** How a command ended, and what it printed on both of its streams. */
export interface Ended {
  readonly code: number;
  readonly text: string;
}

/** One bash that a page's commands are typed into. */
export interface Terminal {
  /**
   * Runs a command to its end.
   * @param watch sees everything that was printed so far, each time that there is more
   */
  run(command: string, watch?: (text: string) => void): Promise<Ended>;
  /** Ends it and everything that was started in it. */
  close(): Promise<void>;
}

/** How long one command of a page may take. */
const COMMAND_MS = 120_000;

/** Starts a bash in a folder. */
export function openTerminal(folder: string, environment: Readonly<Record<string, string>>): Terminal {
  const child: ChildProcess = spawn("bash", ["--noprofile", "--norc"], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let text = "";
  let heard: () => void = () => undefined;
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      heard();
    });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let count = 0;
  return {
    async run(command, watch) {
      text = "";
      count += 1;
      const end = `end-of-command-${count}`;
      const ended = new RegExp(`\n${end} (\\d+)\n`);
      const done = new Promise<Ended>((resolve) => {
        heard = () => {
          watch?.(text);
          const match = ended.exec(text);
          if (match !== null) resolve({ code: Number(match[1]), text: text.slice(0, match.index) });
        };
      });
      const quoted = `'${command.replaceAll("'", String.raw`'\''`)}'`;
      child.stdin?.write(`eval ${quoted} </dev/null 2>&1; printf '\\n${end} %d\\n' $?\n`);
      const dead = gone.then((): never => {
        throw new Error(`the shell ended in: ${command}\n${text}`);
      });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        const give = (): void => reject(new Error(`no end of: ${command}\n${text}`));
        timer = setTimeout(give, COMMAND_MS);
      });
      return Promise.race([done, dead, late]).finally(() => clearTimeout(timer));
    },
    async close() {
      try {
        // Its whole process group: what the page left running in the background.
        process.kill(-(child.pid ?? 0), "SIGTERM");
      } catch {
        // It is gone already.
      }
      child.stdin?.destroy();
      await gone;
    },
  };
}

/** What a page's blocks are run with. */
export interface Stage {
  readonly terminal: Terminal;
  /** Where the page's files are written. */
  readonly folder: string;
  /** Replaced everywhere in the page before it is used, for example ports that are taken on this machine. */
  readonly instead: Readonly<Record<string, string>>;
  /** Signs a person in at an address, as they would with a browser: the word `person=LOGIN` of a block. */
  readonly signIn: (url: string, login: string) => Promise<unknown>;
}

/**
 * Does what a block says: writes the file that it is, or runs its commands and compares.
 * @throws Error that names the line of the page, the command, what the page shows and what was printed
 */
export async function follow(block: Block, stage: Stage): Promise<void> {
  // In one pass: what one of them puts in is no other's to replace.
  const words = new RegExp(String.raw`\b(${Object.keys(stage.instead).join("|")})\b`, "g");
  const replaced =
    Object.keys(stage.instead).length === 0
      ? block.text
      : block.text.replaceAll(words, (word) => stage.instead[word] ?? word);
  const { file, person } = block.words;
  if (file !== undefined) {
    await mkdir(path.dirname(path.join(stage.folder, file)), { recursive: true });
    await writeFile(path.join(stage.folder, file), replaced);
    return;
  }
  let signedIn: Promise<unknown> | undefined;
  for (const { command, output } of commandsOf(replaced)) {
    const { code, text } = await stage.terminal.run(command, (printed) => {
      const address = /To sign in, open (\S+)\n/.exec(printed)?.[1];
      if (address !== undefined && person !== undefined) signedIn ??= stage.signIn(address, person);
    });
    await signedIn;
    const isGood = output.length === 0 ? code === 0 : isAsShown(output, text);
    if (!isGood)
      throw new Error(
        `line ${block.line}: $ ${command}\n--- the page shows\n${output.join("\n")}\n--- it ended with ${code} and printed\n${text}`,
      );
  }
}
