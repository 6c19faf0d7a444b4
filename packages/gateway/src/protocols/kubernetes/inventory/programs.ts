import { literals } from "./literal-programs.ts";
import { curlStaysHere, showsCredentials, wgetStaysHere } from "./arguments.ts";

/** The program that a command comes down to, and what is to be said of it. */
export interface Program {
  /** Without its directory, in lower case. */
  readonly name: string;
  /** Where in the command it stands: behind `timeout 60` and the like. */
  readonly at: number;
  /** Why the command is not to be granted as it stands. */
  readonly reason?: string;
  /** Whether its arguments are in a language, or hosts, so that none of them may vary. */
  readonly literal: boolean;
  /** Whether it takes addresses as arguments. */
  readonly reaching: boolean;
}

const SHELL = "a shell runs whatever it is told";
const INTERPRETER = "an interpreter runs whatever it is told";
const RUNS = "it runs other programs";
const REACHES = "it reaches whatever address it is told";
const DATABASE = "a client of a database: grant a connection of its own to it";
const CREDENTIALS = "it may show credentials";
const DELETES = "it deletes or writes what it finds";

const words = (reason: string, names: string): readonly (readonly [string, string])[] =>
  names.split(" ").map((name) => [name, reason]);

/**
 * Programs of which more is known than that they are not familiar (`familiar.ts`), which alone keeps them from being proposed:
 * what a person should know who may grant them all the same. Shells and interpreters speak against whatever is told of them, too.
 */
const reasons: ReadonlyMap<string, string> = new Map([
  ...words(
    SHELL,
    "sh bash rbash dash ash hush zsh ksh mksh lksh oksh pdksh yash posh fish csh tcsh sash elvish nu xonsh pwsh powershell cmd",
  ),
  ...words(
    INTERPRETER,
    "python pypy ipython jython perl ruby jruby irb node nodejs tsx ts-node deno bun php php-cgi php-cli hhvm lua luajit awk gawk " +
      "mawk nawk original-awk goawk tclsh wish expect java jshell jrunscript jjs groovy kotlin scala clojure dotnet mono erl escript elixir iex " +
      "ghci runghc julia r rscript octave gnuplot guile racket scheme sbcl m4 qjs rails rake bundle artisan poetry pipenv uv raku",
  ),
  // Whoever reads these may take them for programs that only show something.
  ...words(RUNS, "xargs watch strace less more most man info vi vim view tcpdump"),
  ...words(DATABASE, "psql pg_dump pg_dumpall pg_restore pgcli"),
  ["printenv", CREDENTIALS],
]);

/** Familiar programs with options under which they do more than look at things. */
type Look = (rest: readonly string[]) => string | undefined;

const looks: ReadonlyMap<string, Look> = new Map<string, Look>([
  ["find", find],
  ["sed", sed],
  ["git", git],
  ["curl", (rest) => (curlStaysHere(rest) ? undefined : REACHES)],
  ["wget", (rest) => (wgetStaysHere(rest) ? undefined : REACHES)],
  ["ps", ps],
  ["jq", filter],
  ["yq", filter],
  ["sort", (rest) => (rest.some((each) => each.startsWith("--co")) ? RUNS : undefined)],
]);

/** find(1): its tests harm nobody; some of its actions do. */
function find(rest: readonly string[]): string | undefined {
  if (rest.some((each) => /^-(?:exec|ok)/u.test(each))) return RUNS;
  return rest.some((each) => /^-(?:delete|fprint|fls)/u.test(each)) ? DELETES : undefined;
}

/** sed(1): its commands `e` and `w` run programs and write files; a script passes where it can be seen to have none. */
function sed(rest: readonly string[]): string | undefined {
  const script =
    /^(?:[\d$]{1,9}(?:,[\d$]{1,9})?|\/[\w .:@%-]{1,64}\/)?[pdq=]$|^s(?<by>[/|#,])[\w .:@%-]{1,64}\k<by>[\w .:@%-]{0,64}\k<by>[gpiI\d]{0,4}$/u;
  const isOption = (each: string): boolean => each.startsWith("-");
  if (!rest.filter(isOption).every((each) => /^-[nErsuz]+$|^-i$|^--quiet$|^--silent$/u.test(each)))
    return RUNS;
  const [first] = rest.filter((each) => !isOption(each));
  return first === undefined || script.test(first) ? undefined : RUNS;
}

/** git(1): what only reads, with no setting or option that names a program. */
function git(rest: readonly string[]): string | undefined {
  const reads =
    "status log show diff rev-parse rev-list ls-files ls-tree branch describe blame cat-file shortlog --version";
  const runs = /^-[cO]|^--(?:exec|ext|conf|up|rec|out|pag|op|text|filters|work|git-)|ext::/u;
  return reads.split(" ").includes(rest[0] ?? "") && !rest.some((each) => runs.test(each)) ? undefined : RUNS;
}

/** ps(1): the letter `e` without a dash adds the environment. */
function ps(rest: readonly string[]): string | undefined {
  const shows = rest.some(
    (each, at) =>
      /^[A-Za-z]*e[A-Za-z]*$/u.test(each) && !/^-?[A-Za-z]*[oC]$|^--format$/u.test(rest[at - 1] ?? ""),
  );
  return shows || rest.some((each) => /^-[A-Za-z]*E/u.test(each)) ? CREDENTIALS : undefined;
}

/** jq(1), yq(1): their language has the environment, and files. */
function filter(rest: readonly string[]): string | undefined {
  const shows = /\$ENV|\b(?:str|eval_?)?env|\bload|^-[A-Za-z]*[fLn]|^--(?:from|raw-|slurpf|arg)/iu;
  return rest.some((each) => shows.test(each)) ? CREDENTIALS : undefined;
}

/** How a program takes the command that it runs: options of one argument, those with a value behind, other arguments. */
type Wrapper = readonly [alone: RegExp, valued: RegExp, operands: number];

const none = /^(?!)/u;
const wrappers: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  ["env", [/^-[i0v]?$|^-u\w+$|^--ignore-environment$|^--unset=\w+$/u, /^(?:-u|--unset)$/u, 0]],
  [
    "timeout",
    [
      /^(?:-[vfp]|-[sk][\w.]+|--(?:signal|kill-after)=[\w.]+)$|^--(?:foreground|preserve-status|verbose)$/u,
      /^(?:-[sk]|--signal|--kill-after)$/u,
      1,
    ],
  ],
  ["nice", [/^(?:-n?-?\d+|--adjustment=-?\d+)$/u, /^(?:-n|--adjustment)$/u, 0]],
  ["ionice", [/^(?:-t|-[cn]\d)$/u, /^-[cn]$/u, 0]],
  ["stdbuf", [/^-[ioe][\dL]\w*$/u, /^-[ioe]$/u, 0]],
  ["setsid", [/^-[cfw]+$/u, none, 0]],
  ["time", [/^-[pv]$/u, none, 0]],
  ["nohup", [none, none, 0]],
  ["busybox", [none, none, 0]],
  ["toybox", [none, none, 0]],
]);
/** What they do with no command. */
const bare: ReadonlyMap<string, string> = new Map([
  ["env", CREDENTIALS],
  ["busybox", SHELL],
  ["toybox", SHELL],
]);

/** Variables that say what a program loads or runs. */
const steers =
  /^(?:LD_|DYLD_|GIT_|PYTHON|PERL|RUBY|NODE_|JAVA_|_JAVA|JDK_|PATH=|ENV=|BASH|SHELL|IFS=|LESS|MAN|PAGER|GCONV|LOCPATH|HOME=|XDG_|\w{0,64}(?:COMMAND|PAGER|EDITOR|VISUAL|_OPTS|_OPTIONS|PRELOAD|PROXY|SHELL)=)/iu;

/** Where the command stands that a wrapper at `at` runs; undefined: it has an option that is not known. */
function wrappedAt(
  [alone, valued, operands]: Wrapper,
  argv: readonly string[],
  at: number,
): number | undefined {
  let next = at + 1;
  for (; next < argv.length; next += 1) {
    const argument = argv[next] ?? "";
    if (argument === "--") return next + 1 + operands;
    if (valued.test(argument)) next += 1;
    else if (!alone.test(argument)) return argument.startsWith("-") ? undefined : next + operands;
  }
  return next;
}

/**
 * A program's name: of `python3.11`, `bash-static` or `cmd.exe` what it has a reason against it by. What is familiar, or runs
 * others as told here, is that only by its whole name: `find.sh` is not find(1).
 */
function knownAs(argument: string): string {
  const name = (argument.split(/[/\\]/u).at(-1) ?? "").toLowerCase();
  const [short = ""] = name.split(".", 1);
  const plain = name.replace(/^static-|-(?:static|preview|extras|dbg|amd64|arm64)$/gu, "");
  const names = [name, plain, short, name.replace(/[\d.-]{1,16}$/u, ""), short.replace(/[\d-]{1,16}$/u, "")];
  return names.find((each) => reasons.has(each)) ?? name;
}

/** The program of a command, also behind others that run it, and why the command is not to be granted as it stands. */
export function programOf(argv: readonly string[]): Program {
  let at = 0;
  let name = knownAs(argv[0] ?? "");
  const found = (reason: string | undefined): Program => {
    const why = reason ?? (showsCredentials(argv, name) ? CREDENTIALS : undefined);
    const shape = { name, at, literal: literals.has(name), reaching: name === "curl" || name === "wget" };
    return why === undefined ? shape : { ...shape, reason: why };
  };
  for (let wrapper = wrappers.get(name); wrapper !== undefined; wrapper = wrappers.get(name)) {
    let next = wrappedAt(wrapper, argv, at);
    if (next === undefined) return found(RUNS);
    // env(1) takes whatever has a `=` for a variable.
    if (name === "env")
      for (; argv[next]?.includes("=") === true; next += 1)
        if (steers.test(argv[next] ?? "")) return found(RUNS);
    if (next >= argv.length) return found(bare.get(name));
    at = next;
    name = knownAs(argv[at] ?? "");
  }
  const reason = reasons.get(name) ?? looks.get(name)?.(argv.slice(at + 1));
  // Whatever it is that has a shell behind it, it may run it.
  const runs = argv
    .slice(at + 1)
    .some((each) => [SHELL, INTERPRETER].includes(reasons.get(knownAs(each)) ?? ""));
  return found(reason ?? (runs ? RUNS : undefined));
}
