import { isUtf8 } from "node:buffer";
import { changeableSetting } from "../guard/statements/setting-rules.ts";
import { u32 } from "../wire/framing.ts";
import type { ErrorText } from "../wire/messages.ts";

/** The first packet of a connection has no type byte; a code says what it is (manual, "Start-up"). */
const codes = {
  cancel: 80_877_102,
  ssl: 80_877_103,
  gss: 80_877_104,
} as const;

/** The largest first packet and authentication message that PostgreSQL itself takes (MAX_STARTUP_PACKET_LENGTH). */
export const MAX_PACKET_BYTES = 10_000;

/** Who comes and with what: the outcome of a StartupMessage in which only harmless parameters stand. */
export interface Startup {
  /** The grant's id, from the user name. */
  readonly grant: string;
  /** `secret`: SCRAM-SHA-256 with the grant's secret. `token`: an access token as a cleartext password, over TLS. */
  readonly method: "secret" | "token";
  /** The database name: the connection's name in Mayfly. */
  readonly connection: string;
  /** Settings that the client asks for, by their names in lower case; whether it may have them, its grant decides. */
  readonly settings: ReadonlyMap<string, string>;
  readonly applicationName: string;
  /** Protocol options that were asked for and are not known. */
  readonly unknownOptions: readonly string[];
  /** Whether the client asked for a minor version above 3.0. */
  readonly newer: boolean;
}

export type FirstPacket =
  | { readonly kind: "ssl" | "gss" }
  | { readonly kind: "cancel"; readonly key: Buffer }
  | { readonly kind: "startup"; readonly startup: Startup }
  | { readonly kind: "refused"; readonly error: ErrorText };

function refused(code: string, message: string, hint?: string): FirstPacket {
  return {
    kind: "refused",
    error: { severity: "FATAL", code, message, ...(hint === undefined ? {} : { hint }) },
  };
}

/** How many bytes the first packet has in all; undefined while its length has not arrived, 0 when it is impossible. */
export function firstPacketLength(bytes: Buffer): number | undefined {
  if (bytes.length < 4) return undefined;
  const length = u32(bytes, 0);
  return length < 8 || length > MAX_PACKET_BYTES ? 0 : length;
}

/** The characters that a value of a setting is made of. */
const plainValue = /^[A-Za-z0-9_+\-/:<>."$, ]{0,200}$/;

/**
 * Says where the client's own file with the CA is. Clients that know it keep it to themselves; postgres.js sends on every
 * parameter of a connection string that it does not know. It names no setting of a server, so that it is left out.
 */
const clientsOwn = "sslrootcert";

/**
 * Encodings that are UTF-8, or that say nothing (SQL_ASCII: what psql sends under LANG=C); all become UTF8 upstream.
 */
const encodings: ReadonlySet<string> = new Set(["utf8", "unicode", "sqlascii"]);

/** Reads a whole first packet. */
export function parseFirstPacket(packet: Buffer): FirstPacket {
  const code = u32(packet, 4);
  if (code === codes.ssl || code === codes.gss) {
    if (packet.length !== 8) return refused("08P01", "invalid encryption request");
    return { kind: code === codes.ssl ? "ssl" : "gss" };
  }
  if (code === codes.cancel) {
    if (packet.length < 12 || packet.length > 268) return refused("08P01", "invalid cancel request");
    return { kind: "cancel", key: Buffer.from(packet.subarray(8)) };
  }
  const major = code >>> 16;
  if (major !== 3) {
    return refused("0A000", `unsupported frontend protocol ${major}.${code & 0xffff}: server supports 3.0`);
  }
  return parseStartup(packet, (code & 0xffff) > 0);
}

function pairsOf(packet: Buffer): Map<string, string> | FirstPacket {
  const body = packet.subarray(8);
  if (!isUtf8(body)) return refused("08P01", "the start-up packet is not UTF-8");
  const parts = body.toString("utf8").split("\0");
  // name, value, …, then the empty name that ends the list: two empty strings behind the last NUL.
  if (parts.length < 2 || parts.length % 2 !== 0 || parts.at(-1) !== "" || parts.at(-2) !== "") {
    return refused("08P01", "invalid start-up packet layout: expected a terminator as the last byte");
  }
  const pairs = new Map<string, string>();
  for (let index = 0; index < parts.length - 2; index += 2) {
    const name = parts[index] ?? "";
    const lower = name.toLowerCase();
    if (name === "") return refused("08P01", "invalid start-up packet layout: an empty name");
    if (pairs.has(lower)) return refused("08P01", `start-up parameter "${printable(name)}" is given twice`);
    pairs.set(lower, parts[index + 1] ?? "");
  }
  return pairs;
}

/** A name out of an unauthenticated packet, fit to be shown and logged. */
function printable(text: string): string {
  return text.slice(0, 64).replaceAll(/[^\x20-\x7e]/g, "?");
}

/**
 * The settings of the start-up parameter `options`: command-line arguments, in which a backslash takes a blank or a
 * backslash for itself (manual, "Start-up", and libpq's `options`).
 * @returns undefined where something else stands there
 */
function optionsOf(text: string): ReadonlyMap<string, string> | undefined {
  const words = [...text.matchAll(/(?:\\.|[^\s\\])+/gsu)].map(([word]) => word.replaceAll(/\\(.)/gsu, "$1"));
  const settings = new Map<string, string>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    let assignment: string;
    if (word === "-c") {
      at += 1;
      assignment = words[at] ?? "";
    } else if (word.startsWith("-c")) assignment = word.slice(2);
    else if (word.startsWith("--")) assignment = word.slice(2);
    else return undefined;
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_-]*)=(.*)$/su.exec(assignment) ?? [];
    if (name === undefined || value === undefined) return undefined;
    settings.set(name.toLowerCase().replaceAll("-", "_"), value);
  }
  return settings;
}

function parseStartup(packet: Buffer, newer: boolean): FirstPacket {
  const pairs = pairsOf(packet);
  if (!(pairs instanceof Map)) return pairs;
  const user = pairs.get("user") ?? "";
  const connection = pairs.get("database") ?? "";
  const named = /^([A-Za-z0-9_-]{1,64})(\.token)?$/.exec(user);
  if (named?.[1] === undefined) {
    return refused(
      "28000",
      "the user name is not a grant's id",
      "user = the grant's id, as the answer to an active request gives it",
    );
  }
  if (!/^[A-Za-z0-9_.-]{1,128}$/.test(connection)) {
    return refused(
      "3D000",
      "the database name is not a connection's name",
      "database = the name of the connection, for example orders-db",
    );
  }
  const settings = new Map<string, string>();
  const unknownOptions: string[] = [];
  let applicationName = "";
  for (const [name, value] of pairs) {
    if (name === "user" || name === "database" || name === clientsOwn) continue;
    if (name.startsWith("_pq_.")) {
      unknownOptions.push(name);
    } else if (name === "application_name") {
      applicationName = printable(value);
    } else if (name === "client_encoding") {
      if (!encodings.has(value.toLowerCase().replaceAll(/[^a-z0-9]/g, ""))) {
        return refused(
          "22023",
          `client encoding "${printable(value)}" is not supported`,
          "use client_encoding UTF8",
        );
      }
    } else if (name !== "options") {
      settings.set(name, value);
    }
  }
  const options = optionsOf(pairs.get("options") ?? "");
  if (options === undefined)
    return refused("0A000", 'the start-up parameter "options" takes -c NAME=VALUE and --NAME=VALUE alone');
  // A parameter of its own outranks the same among the options, as in PostgreSQL.
  for (const [name, value] of options) if (!settings.has(name)) settings.set(name, value);
  for (const [name, value] of settings) {
    if (changeableSetting(name) === undefined)
      return refused(
        "0A000",
        `start-up parameter "${printable(name)}" is not allowed`,
        "docs/postgres-scopes.md lists the settings that a client may change",
      );
    if (!plainValue.test(value)) return refused("22023", `invalid value for start-up parameter "${name}"`);
  }
  return {
    kind: "startup",
    startup: {
      grant: named[1],
      method: named[2] === undefined ? "secret" : "token",
      connection,
      settings,
      applicationName,
      unknownOptions,
      newer,
    },
  };
}
