import { spawn, type ChildProcess } from "node:child_process";

/** What a command printed, both streams in order, and how it ended. */
export interface Outcome {
  readonly text: string;
  readonly code: number;
  /** Lines that it printed, those that `keepTail` forgot among them. */
  readonly lines: number;
}

/** A step that did not do what it says. */
export class Unexpected extends Error {}

export interface RunOptions {
  readonly input?: string;
  /** Called with all that was printed so far. */
  readonly watch?: (text: string) => void;
  /** Prints nothing. */
  readonly quiet?: boolean;
  /** Lines printed at the most, of the beginning and the end. */
  readonly most?: number;
  /** Keeps the end of the output only: for results of millions of rows. */
  readonly keepTail?: boolean;
}

function print(text: string, most: number): void {
  const lines = text.replace(/\n$/, "").split("\n");
  const shown =
    lines.length <= most
      ? lines
      : [
          ...lines.slice(0, Math.ceil(most / 2)),
          `… ${(lines.length - most).toLocaleString("en")} more lines …`,
          ...lines.slice(lines.length - Math.floor(most / 2)),
        ];
  if (text !== "") console.log(shown.map((line) => `    ${line}`).join("\n"));
}

/** Ends a process group, if it is there. */
function kill(group: number): void {
  try {
    process.kill(-group, "SIGTERM");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Where commands run. */
export interface Place {
  /** What is printed before the `$`. */
  readonly name?: string;
  /** The command that runs its arguments there. */
  readonly enter?: readonly string[];
  /** All variables that commands have. */
  readonly environment: NodeJS.ProcessEnv;
  readonly folder?: string;
}

/** A shell for the walk: prints each command and what came back. */
export interface Shell {
  /** Runs one command line in sh. */
  run(line: string, options?: RunOptions): Promise<Outcome>;
  /** Starts a command that reads a script, and gives it one line after another. */
  open(line: string): Script;
  /** The same shell somewhere else; it ends with this one. */
  in(place: Place): Shell;
  /** Ends every command that still runs, and lets no other begin. */
  end(): Promise<void>;
}

/** A command that reads a script. */
interface Script {
  /** Waits until it has printed that. @returns what came before */
  until(marker: RegExp): Promise<string>;
  /** Runs one line in it. */
  run(command: string): Promise<Outcome>;
  /** Ends its script; answers what it printed on the way out. */
  close(): Promise<Outcome>;
}

/** What runs, in all places of one shell. */
interface Running {
  readonly open: Map<ChildProcess, Promise<void>>;
  isOver: boolean;
}

export function createShell(
  { name, enter = [], environment, folder }: Place,
  running: Running = { open: new Map(), isOver: false },
): Shell {
  const prompt = name === undefined ? "$" : `${name} $`;
  /** Starts sh in a process group of its own, so that what it has started can be ended with it. */
  const start = (line: string, stdin: "ignore" | "pipe") => {
    if (running.isOver) throw new Unexpected("the demo has ended");
    const [program, ...args] = [...enter, "sh"];
    const child = spawn(program, [...args, "-c", line], {
      env: environment,
      cwd: folder,
      stdio: [stdin, "pipe", "pipe"],
      detached: true,
    });
    const gone = new Promise<void>((resolve) => {
      child.once("error", () => resolve());
      child.once("close", () => resolve());
    });
    running.open.set(child, gone);
    void gone.then(() => running.open.delete(child));
    return child;
  };

  const run = (line: string, options: RunOptions = {}): Promise<Outcome> => {
    if (options.quiet !== true) console.log(`  ${prompt} ${line}`);
    return new Promise((resolve, reject) => {
      const child = start(line, options.input === undefined ? "ignore" : "pipe");
      child.stdin?.end(options.input);
      let text = "";
      let lines = 0;
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding("utf8").on("data", (part: string) => {
          lines += part.split("\n").length - 1;
          text = options.keepTail === true ? (text + part).slice(-4000) : text + part;
          options.watch?.(text);
        });
      }
      child.once("error", reject);
      child.once("close", (code) => {
        if (options.quiet !== true) print(text, options.most ?? 24);
        resolve({ text, code: code ?? -1, lines });
      });
    });
  };

  const openScript = (line: string): Script => {
    console.log(`  ${prompt} ${line}`);
    const child = start(line, "pipe");
    let text = "";
    let wake = (): void => undefined;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (part: string) => {
        text += part;
        wake();
      });
    }
    const closed = new Promise<number>((resolve) => {
      child.once("close", (code) => {
        wake();
        resolve(code ?? -1);
      });
    });
    const until = async (marker: RegExp): Promise<string> => {
      for (;;) {
        const match = marker.exec(text);
        if (match !== null) {
          const before = text.slice(0, match.index);
          text = text.slice(match.index + match[0].length);
          return before;
        }
        if (child.exitCode !== null)
          throw new Unexpected(`the shell ended before it said ${marker}: ${text}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    return {
      until,
      async run(command: string): Promise<Outcome> {
        console.log(`  (run) $ ${command}`);
        child.stdin?.write(`${command}\nprintf '\\n<done %d>\\n' $?\n`);
        const before = await until(/\n?<done (?=\d+>)/);
        const code = Number(await until(/>\n/));
        print(before.replace(/^\n/, ""), 24);
        return { text: before, code, lines: before.split("\n").length };
      },
      async close(): Promise<Outcome> {
        child.stdin?.end();
        const code = await closed;
        print(text, 24);
        return { text, code, lines: text.split("\n").length };
      },
    };
  };
  const end = async (): Promise<void> => {
    running.isOver = true;
    for (const child of running.open.keys()) if (child.pid !== undefined) kill(child.pid);
    await Promise.all(running.open.values());
  };
  return { run, open: openScript, in: (place) => createShell(place, running), end };
}

/** Holds a step to what it says. @throws Unexpected */
export function expect(outcome: Outcome, what: string, ...patterns: readonly RegExp[]): void {
  const missing = patterns.filter((pattern) => !pattern.test(outcome.text));
  if (missing.length > 0)
    throw new Unexpected(`${what}: the output has no ${missing.join(", ")}:\n${outcome.text}`);
}

/** Holds a step to its exit code. @throws Unexpected */
export function expectCode(outcome: Outcome, what: string, ...codes: readonly number[]): void {
  if (!codes.includes(outcome.code))
    throw new Unexpected(`${what}: ended with ${outcome.code}, not ${codes.join(" or ")}:\n${outcome.text}`);
}
