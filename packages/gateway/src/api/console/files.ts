import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** How the bytes of an answer are coded (RFC 9110, section 8.4.1). */
export type Coding = "br" | "gzip" | "identity";

/** One file of the built console, in memory, in every coding that the build made. */
export interface ConsoleFile {
  readonly mediaType: string;
  /** Of its uncoded bytes; a coding has its own entity tag, made of this one. */
  readonly digest: string;
  readonly bytes: Readonly<Partial<Record<Coding, Buffer>>> & { readonly identity: Buffer };
}

/** The built console: its one page, and the files that it loads, by name. */
export interface ConsoleFiles {
  readonly page: ConsoleFile;
  readonly assets: ReadonlyMap<string, ConsoleFile>;
}

const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** Beside the compiled gateway where it is installed, in its own package where it runs from its sources. */
const places = ["../../../console", "../../../../console/dist"].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
);

function readOne(file: string): ConsoleFile | undefined {
  const mediaType = mediaTypes[path.extname(file)];
  if (mediaType === undefined) return undefined;
  const identity = readFileSync(file);
  const coded = (ending: string): Buffer | undefined =>
    existsSync(file + ending) ? readFileSync(file + ending) : undefined;
  const br = coded(".br");
  const gzip = coded(".gz");
  return {
    mediaType,
    digest: createHash("sha256").update(identity).digest("base64url").slice(0, 27),
    bytes: { identity, ...(br === undefined ? {} : { br }), ...(gzip === undefined ? {} : { gzip }) },
  };
}

/** Reads a built console whole; undefined when there is none. Files of a type that is not known are left out. */
export function readConsole(folder: string): ConsoleFiles | undefined {
  if (!existsSync(path.join(folder, "index.html"))) return undefined;
  const page = readOne(path.join(folder, "index.html"));
  if (page === undefined) return undefined;
  const assets = new Map<string, ConsoleFile>();
  for (const name of readdirSync(path.join(folder, "assets"))) {
    const file = readOne(path.join(folder, "assets", name));
    if (file !== undefined) assets.set(name, file);
  }
  return { page, assets };
}

let kept: ConsoleFiles | undefined;

/** The console that belongs to this gateway, read once; looked for again as long as there is none. */
export function consoleFiles(): ConsoleFiles | undefined {
  for (const place of places) kept ??= readConsole(place);
  return kept;
}

/**
 * The best coding of a file that the client takes (RFC 9110, section 12.5.3): Brotli, gzip, or none, which everybody
 * takes. A coding that is not named is taken only with `*`.
 */
export function codingFor(file: ConsoleFile, accepted: string | undefined): Coding {
  const weights = new Map<string, number>();
  for (const part of (accepted ?? "").slice(0, 1000).split(",")) {
    const [name = "", ...parameters] = part.split(";").map((piece) => piece.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    if (name !== "") weights.set(name, weight === undefined ? 1 : Number(weight));
  }
  const takes = (coding: Coding): boolean => (weights.get(coding) ?? weights.get("*") ?? 0) > 0;
  if (file.bytes.br !== undefined && takes("br")) return "br";
  return file.bytes.gzip !== undefined && takes("gzip") ? "gzip" : "identity";
}
