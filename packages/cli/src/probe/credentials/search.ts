import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { holdsBytes, listFolder, type Looked, readHead, readWhole } from "./files.ts";
import type { FoundCredential, FoundHere, FoundProxy, LeadsTo, Surroundings, UnreadPlace } from "./found.ts";
import { proxyUrl, serverOf } from "./urls.ts";
import { targetText } from "./words.ts";

const MAX_CREDENTIALS = 300;
const MAX_PROXIES = 100;
const MAX_UNREAD = 200;
/** Files and folders looked at. */
const MAX_LOOKS = 2000;

/** A file's text, and whether others may read it. */
interface TextFile {
  readonly path: string;
  readonly text: string;
  readonly isSharedWithOthers: boolean;
}

/** A proxy's login that stands beside its URL. */
export interface ProxyLogin {
  readonly user: string;
  readonly password: string;
  readonly place: string;
}

interface ProxySource {
  /** See `FoundProxy`. */
  readonly isOfFolder?: boolean;
  readonly login?: ProxyLogin | undefined;
}

/** A search under way: reads within its bounds, and keeps what the finders find. */
export class Search {
  readonly #credentials = new Map<string, FoundCredential>();
  readonly #proxies = new Map<string, FoundProxy>();
  /** Those that files of the working folder name. */
  readonly #folderProxies = new Map<string, FoundProxy>();
  readonly #unread = new Map<string, UnreadPlace>();
  #looks = 0;
  #isFull = false;
  #isCut = false;
  /** What was looked at and is there. */
  readonly #seen = new Set<string>();
  /** What holds a secret by itself. */
  readonly #secrets = new Set<string>();
  readonly surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
  }

  /** An environment variable that is set to something. */
  env(name: string): string | undefined {
    const { env } = this.surroundings;
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    return value === "" ? undefined : value;
  }

  /** A path in the home folder. */
  home(...names: string[]): string {
    return join(this.surroundings.home, ...names);
  }

  /** A path below the configuration folder (XDG Base Directory Specification). */
  config(...names: string[]): string {
    return join(this.env("XDG_CONFIG_HOME") ?? this.home(".config"), ...names);
  }

  /** A path of the system. */
  system(path: string): string {
    return join(this.surroundings.root, path);
  }

  /** A path as a variable or a file names it. @param from the folder that a relative one starts at */
  path(named: string, from: string = this.surroundings.cwd): string {
    if (named === "~" || named.startsWith("~/")) return this.home(named.slice(1));
    return resolve(from, named);
  }

  /** Keeps a credential, unless it leads to Mayfly: for certain, where no port is known it may lead elsewhere. */
  add(kind: FoundCredential["kind"], place: string, name: string, leadsTo?: LeadsTo): void {
    if (
      leadsTo?.port !== undefined &&
      this.surroundings.isGateway(leadsTo.host.toLowerCase().replace(/\.$/, ""), leadsTo.port)
    )
      return;
    const target = leadsTo === undefined ? "" : `${leadsTo.host}:${leadsTo.port ?? ""}`;
    const key = JSON.stringify([kind, place, name, target]);
    if (this.#credentials.has(key)) return;
    if (this.#credentials.size === MAX_CREDENTIALS) {
      this.#isFull = true;
      return;
    }
    this.#credentials.set(key, { kind, place, name, ...(leadsTo === undefined ? {} : { leadsTo }) });
  }

  /** Keeps a proxy as a client's setting names it. @param login that stands beside it, where its URL holds none */
  proxy(place: string, value: string, { isOfFolder = false, login }: ProxySource = {}): void {
    if (value.trim() === "") return;
    const url = proxyUrl(value);
    if (url === undefined) {
      this.unread(place, "names no proxy that can be understood", "leaves doubt");
      return;
    }
    const leadsTo = serverOf(url.href);
    const isItsOwn = url.username !== "" || url.password !== "";
    if (login !== undefined && !isItsOwn) {
      url.username = encodeURIComponent(login.user);
      url.password = encodeURIComponent(login.password);
    }
    if (isItsOwn || login !== undefined)
      this.add(
        "http",
        isItsOwn ? place : (login?.place ?? place),
        `a proxy's login, ${targetText(leadsTo, "a proxy")}`,
        leadsTo,
      );
    const proxies = isOfFolder ? this.#folderProxies : this.#proxies;
    if (proxies.size < MAX_PROXIES)
      proxies.set(`${place} ${url.href}`, { place, url, ...(isOfFolder ? { isOfFolder } : {}) });
    else this.unread("proxies", `there are more than ${MAX_PROXIES}`, "leaves doubt");
  }

  /** Whether a folder is the working folder's or above it, and no home: what lies there may be somebody's repository. */
  isOfFolder(folder: string): boolean {
    return resolve(folder) !== resolve(this.surroundings.home);
  }

  /** Says that a place could not be read or understood; the first reason stays, and any doubt. */
  unread(place: string, why: string, doubt?: "leaves doubt"): void {
    const isFull = this.#unread.size >= MAX_UNREAD && !this.#unread.has(place);
    const said = isFull
      ? { place: "places", why: `more than ${MAX_UNREAD} could not be read` }
      : { place, why };
    const before = this.#unread.get(said.place);
    const leavesDoubt = doubt !== undefined || before?.leavesDoubt === true;
    this.#unread.set(said.place, { ...(before ?? said), ...(leavesDoubt ? { leavesDoubt } : {}) });
  }

  /** Says that looking for something failed, so that nobody takes what was found for all. */
  failed(what: string): void {
    this.#isCut = true;
    this.unread(what, "looking there failed", "leaves doubt");
  }

  /** A text file; undefined where there is none, or where it can't be read: that is said. */
  async text(path: string): Promise<TextFile | undefined> {
    const content = await this.#look(path, readWhole);
    if (content === undefined) return undefined;
    const text = content.bytes.toString("utf8");
    // What can be made out is still looked at.
    if (text.includes("\u0000") || text.includes("\ufffd")) this.unread(path, "not all of it is text");
    return {
      path,
      text: text.replace(/^\ufeff/, ""),
      isSharedWithOthers: (content.mode & 0o077) !== 0,
    };
  }

  /** A file's bytes. */
  async bytes(path: string): Promise<Buffer | undefined> {
    return (await this.#look(path, readWhole))?.bytes;
  }

  /** A file's first bytes, however large it is; empty for an empty one. */
  async head(path: string): Promise<Buffer | undefined> {
    return (await this.#look(path, readHead))?.bytes;
  }

  /** Whether there is a file, of a secret and nothing else, that can be read and holds anything. */
  async holdsAnything(path: string): Promise<boolean> {
    const holds = (await this.#look(path, holdsBytes)) ?? false;
    if (holds) this.liesIn(path);
    return holds;
  }

  /** Says that a secret lies in a file which the place of its credential doesn't name. */
  liesIn(path: string): void {
    this.#secrets.add(path);
  }

  /** The names in a folder. */
  async names(path: string): Promise<readonly string[]> {
    const found = await this.#look(path, listFolder);
    if (found?.isCut === true) {
      this.#isCut = true;
      this.unread(path, `only the first ${found.names.length} entries were looked at`);
    }
    return found?.names ?? [];
  }

  /** Whether a path is a folder's. */
  async isFolder(path: string): Promise<boolean> {
    return stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
  }

  /** Whether a path is a regular file's. */
  async isFile(path: string): Promise<boolean> {
    return stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  /**
   * The files and folders that hold what was found, or may hold something: those that could not be read or understood.
   * undefined where there was too much to look at.
   */
  holders(): readonly string[] | undefined {
    if (this.#isFull || this.#isCut || this.#unread.size >= MAX_UNREAD) return undefined;
    const seen = [...this.#seen].toSorted((a, b) => b.length - a.length);
    const places = [...this.#credentials.values(), ...this.#unread.values()].map(({ place }) => place);
    // A place is a path, and what is said of it behind: a line, a user.
    const isOf = (place: string, path: string): boolean =>
      place.startsWith(path) && /^(?:$|[: ,])/.test(place.slice(path.length));
    const paths = places.flatMap((place) => seen.find((path) => isOf(place, path)) ?? []);
    return [...new Set([...paths, ...this.#secrets])].toSorted();
  }

  /** What was found so far. */
  found(): FoundHere {
    if (this.#isFull)
      this.unread(
        "credentials",
        `there are more than ${MAX_CREDENTIALS}: only these were kept`,
        "leaves doubt",
      );
    const home = new Set([...this.#proxies.values()].map(({ url }) => url.href));
    return {
      credentials: [...this.#credentials.values()],
      proxies: [
        ...this.#proxies.values(),
        ...[...this.#folderProxies.values()].filter(({ url }) => !home.has(url.href)),
      ],
      unread: [...this.#unread.values()],
    };
  }

  async #look<T>(path: string, how: (path: string) => Promise<Looked<T>>): Promise<T | undefined> {
    if (this.#looks >= MAX_LOOKS) {
      this.#isCut = true;
      this.unread("files", `only the first ${MAX_LOOKS} were looked at`, "leaves doubt");
      return undefined;
    }
    this.#looks += 1;
    const looked = await how(path);
    if (looked.kind !== "nothing") this.#seen.add(path);
    if (looked.kind === "unread") this.unread(path, looked.why);
    return looked.kind === "read" ? looked.value : undefined;
  }
}
