import type { Outcome } from "../../../../gate/gate.ts";
import type { Permit } from "../../../../gate/permit.ts";
import type { PostgresCover } from "../../act.ts";
import type { Masks } from "../../masks/session.ts";
import type { TimeLimits } from "../../upstream/time-limits.ts";
import { type Carry, createCarry, type, WireError } from "../../wire/framing.ts";
import type { Expected } from "../expected.ts";
import type { Shared } from "../shared.ts";
import { maskedOf, Masking } from "./masking.ts";

/** What the server's half of a session stands on. */
export interface BackendOptions {
  readonly shared: Shared;
  readonly forward: (bytes: Buffer) => void;
  readonly complete: (permit: Permit<PostgresCover>, outcome: Outcome) => void;
  /** Parameters whose value upstream must stay as it was set. */
  readonly pinned: ReadonlyMap<string, string>;
  /** Whether errors and notices must not quote: something is hidden from the client. */
  readonly hideQuotes: boolean;
  /** Told how the server says that the session is called. */
  readonly called: (name: string) => void;
  /** Told of what changes time-outs, or takes a change back. */
  readonly limits: Pick<TimeLimits, "changed" | "reset" | "rolledBack">;
  /** Whether a table, as `schema.name`, may be named in an error all the same. */
  readonly isGranted: (table: string) => boolean;
  /** Whether notifications of a channel may arrive. */
  readonly hears: (channel: string) => boolean;
  /** What is masked; left out: nothing. */
  readonly masks?: Masks | undefined;
}

/** What the server's half of one session knows. The functions beside it read and change it. */
export class BackendState {
  readonly options: BackendOptions;
  readonly shared: Shared;
  readonly masking: Masking | undefined;
  /** The beginning of a message whose rest has not come. */
  readonly carry: Carry = createCarry();
  /** Bytes of a message that has been forwarded in part and whose rest has not come. */
  open = 0;
  /** After an error in the extended protocol the server discards until Sync. */
  isDiscarding = false;
  /** The server has said why it ends the session. */
  saidFatal = false;
  /** Of the act whose answer is under way. */
  bytes = 0;
  rows = 0;
  dataRows = 0;
  tag: string | undefined;
  error: string | undefined;
  commands = 0;
  /** The newest command tag, and the rows that it counts. */
  lastTag: { readonly text: string; readonly rows: number } = { text: "", rows: 0 };

  constructor(options: BackendOptions) {
    this.options = options;
    this.shared = options.shared;
    this.masking = options.masks && new Masking(options.masks);
  }

  /** The message that the server's newest is an answer to. @throws WireError when it is of none of these kinds */
  head(kind: number, or?: number, orElse?: number): Expected {
    const entry = this.shared.expected.head();
    if (entry === undefined || (entry.kind !== kind && entry.kind !== or && entry.kind !== orElse))
      throw new WireError("08P01", "the database sent an answer that nothing asked for");
    return entry;
  }

  /** The head's answer is over: its names are settled, and what came of an act is told. */
  finish(entry: Expected, done: boolean): void {
    const { shared } = this;
    shared.expected.remove();
    // What the database has not described is still to be asked for.
    if (!done && entry.described?.fields === undefined && entry.described !== undefined)
      entry.described.isDescribed = false;
    if (entry.name !== undefined || entry.effects !== undefined) this.#settleNames(entry, done);
    if (shared.copyAwaited === entry) {
      shared.copyAwaited = undefined;
      shared.syncInCopy = false;
    }
    if (entry.permit !== undefined) {
      const { bytes, tag, error } = this;
      // No command tag counts the rows that came before an error.
      const rows = error === undefined ? this.rows : Math.max(this.rows, this.dataRows);
      const masked = this.masking && maskedOf(entry);
      this.options.complete(entry.permit, { bytes, rows, tag, error, masked, copied: this.#copied() });
    }
    this.bytes = 0;
    this.rows = 0;
    this.dataRows = 0;
    this.tag = undefined;
    this.error = undefined;
    this.commands = 0;
  }

  /** Drops the answers that the server, discarding until Sync, will never give. Tells whether there were any. */
  discard(): boolean {
    if (!this.isDiscarding) return false;
    const { expected } = this.shared;
    let dropped = false;
    let entry = expected.head();
    while (entry !== undefined && entry.kind !== type.sync) {
      // 25P02 would be a lie: the server never looked at it.
      this.error = "discarded";
      this.finish(entry, false);
      dropped = true;
      entry = expected.head();
    }
    return dropped;
  }

  /** What the client sent for a COPY, once. */
  #copied(): Outcome["copied"] {
    const { copied } = this.shared;
    if (copied === undefined) return undefined;
    this.shared.copied = undefined;
    return { bytes: copied.bytes, sha256: copied.digest.digest("hex") };
  }

  #settleNames(entry: Expected, done: boolean): void {
    const { statements, portals } = this.shared;
    if (entry.name !== undefined) {
      if (entry.kind === type.parse) statements.settle(entry.name, entry.statement, done);
      else if (entry.isOfPortal) portals.settle(entry.name, entry.portal, done);
      else statements.settle(entry.name, undefined, done);
      // A Parse that fails has dropped the unnamed statement all the same.
      if (!done && entry.kind === type.parse && entry.name === "" && !this.isDiscarding)
        statements.forget("");
    }
    if (entry.effects === undefined) return;
    for (const effect of entry.effects.slice(this.commands)) {
      if (effect.kind === "prepare" || effect.kind === "deallocate")
        statements.settle(effect.name, undefined, false);
      else if (effect.kind === "declare") portals.settle(effect.name, undefined, false);
    }
  }
}
