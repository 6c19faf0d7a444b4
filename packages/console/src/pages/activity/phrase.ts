import type { AuditRecord } from "@mayfly/sdk/browser";
import type { Tone } from "../../components/badge.tsx";
import { textIn, type Detail } from "./read-detail.ts";

/** A piece of a sentence: words of ours, or something that others wrote or named. */
export type Part = string | { readonly said: string };

/** A record in words. The sentence goes on from the principal, "support-bot" + "asked for …", or stands alone. */
export interface Words {
  readonly tone: Tone;
  readonly standsAlone: boolean;
  readonly parts: readonly Part[];
  /** What a person or an agent wrote: a reason, a comment. */
  readonly quote?: string;
  /** A statement, a request line, a command. */
  readonly code?: string;
  /** Further facts, a line each; they may hold what others wrote. */
  readonly notes: readonly string[];
}

/** What goes with a sentence. */
export interface Said {
  readonly tone?: Tone;
  readonly standsAlone?: boolean;
  readonly quote?: string | undefined;
  readonly code?: string | undefined;
  readonly notes?: readonly (string | undefined)[];
}

/** Makes a record's words; notes that are not there are left out. */
export function words(
  parts: readonly Part[],
  { tone = "neutral", standsAlone = false, quote, code, notes = [] }: Said = {},
): Words {
  return {
    tone,
    standsAlone,
    parts,
    ...(quote === undefined ? {} : { quote }),
    ...(code === undefined ? {} : { code }),
    notes: notes.filter((note): note is string => note !== undefined && note !== ""),
  };
}

/** Something that others named. */
export function said(text: string | undefined): Part {
  return { said: text ?? "?" };
}

/** Puts one type of record into words. */
export type Teller = (record: AuditRecord, detail: Detail) => Words;

/** Facts on one line. */
export function together(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join(", ");
}

/** "from 10.1.2.3", where the record has it. */
export function fromAddress(detail: Detail): string | undefined {
  const address = textIn(detail["address"]);
  return address === undefined ? undefined : `from ${address}`;
}
