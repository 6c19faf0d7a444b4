import { inspect } from "node:util";
import * as z from "zod";

/** Where a secret comes from; the only two ways a configuration file may give one. */
export type SecretSource = { readonly env: string } | { readonly file: string };

/**
 * A value that must not be printed. Logging, inspecting, concatenating or serialising it shows `[secret]`;
 * only `reveal()` gives it away, so that a reviewer can find every use.
 */
export class Secret {
  /** Where it was named, for messages and digests; undefined for one made by the gateway itself. */
  readonly source: SecretSource | undefined;
  #value: string | undefined;
  #file: string | undefined;

  constructor(value: string | undefined, source?: SecretSource) {
    this.#value = value;
    this.source = source;
  }

  /** Sets the value of a secret that was only named. The configuration calls it once, while it loads. */
  load(value: string): void {
    this.#value = value;
  }

  /** Says where the file lies that a source names. The configuration calls it once, while it loads. */
  foundAt(file: string): void {
    this.#file = file;
  }

  /** The whole path of the file that its source names; undefined for another source. */
  get file(): string | undefined {
    return this.#file;
  }

  /** Whether it has its value; a file that is only checked may name secrets that are not set there. */
  get isLoaded(): boolean {
    return this.#value !== undefined;
  }

  /** The value itself. Call it as late as possible and keep the result nowhere. */
  reveal(): string {
    if (this.#value === undefined) throw new TypeError("a secret was used before it was loaded");
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}

/** A file named in the configuration, relative to it, whose text is read while it loads: a certificate, say. */
export class TextFile {
  readonly path: string;
  #text: string | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** The configuration calls it once, while it loads. */
  load(text: string): void {
    this.#text = text;
  }

  /** The file's text as it was when the configuration was loaded. */
  text(): string {
    if (this.#text === undefined) throw new TypeError(`${this.path} was used before it was loaded`);
    return this.#text;
  }
}

/** The message for a configuration that holds a secret in plain text. */
export const secretRule = "a secret is named, never written: { env: NAME } or { file: PATH }";

/**
 * The schema of a secret in a configuration file: `{ env: NAME }` or `{ file: PATH }`. Its output is an empty
 * Secret; the configuration finds it, reads the source and loads it.
 */
export const secretSchema = z
  .union([z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })], {
    error: secretRule,
  })
  .transform((source): Secret => new Secret(undefined, source));

/** The schema of a file whose text is needed; loaded as secrets are. */
export const textFileSchema = z
  .string()
  .min(1)
  .transform((path): TextFile => new TextFile(path));
