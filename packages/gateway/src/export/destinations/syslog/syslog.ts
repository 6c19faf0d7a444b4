import type { Clock } from "../../../kernel/clock.ts";
import type { SyslogTarget } from "../../../kernel/export-settings.ts";
import type { Destination, Handover } from "../../destination.ts";
import type { Exporter } from "../../exporter.ts";
import { connectSyslog, type SyslogConnection } from "./connection.ts";
import { syslogFrames } from "./message.ts";

// Syslog has no acknowledgement: what a receiver has read is known in one way alone. When the sender ends the connection,
// the receiver closes it once it has read everything. So records are sent over one connection after another; each is ended
// after a few seconds, and what went over it was read when the receiver has closed it in order. What a receiver has read it
// may still lose with its memory when it dies. Its death breaks the next connection, which is open by then, even where
// nothing is sent: whatever was read less than `resend` before is then sent again. The log's files are the buffer.

/** A connection is ended this long after the first record, or after this many. */
const CONFIRM_EVERY_MS = 2000;
const CONFIRM_RECORDS = 4096;
/** Confirmations that are told apart; beyond it they are one with the last. */
const MAX_MARKS = 1024;
/** At a stop the receiver has this long to read what is on its way, milliseconds: it is sent again in any case. */
const CLOSE_GRACE_MS = 1000;

/** Makes what sends to a receiver of syslog (RFC 5424) over TLS (RFC 5425). */
export function syslogDestination(target: SyslogTarget, exporter: Exporter, clock: Clock): Destination {
  let current: SyslogConnection | undefined;
  /** What went over the current connection. */
  let sent: { readonly since: number; records: number; next: number } | undefined;
  /** What was read, and since when that is known, oldest first. */
  let read: { next: number; readonly at: number }[] = [];

  function lose(why: string): Handover {
    current?.destroy();
    current = undefined;
    sent = undefined;
    read = [];
    return { kind: "failed", why };
  }

  /** Opens the next connection, and then ends the one that is open. @returns what went wrong */
  async function change(open: SyslogConnection, signal: AbortSignal): Promise<string | undefined> {
    const next = await connectSyslog(target, clock, signal);
    if (typeof next === "string") return next;
    const problem = (await open.finish()) ?? next.broken;
    if (problem === undefined) current = next;
    else next.destroy();
    return problem;
  }

  /** What was read long enough ago. */
  function arrived(): Handover {
    const until = clock.monotonic() - target.resend;
    const count = read.filter(({ at }) => at <= until).length;
    const last = read.splice(0, count).at(-1);
    return last === undefined ? { kind: "pending" } : { kind: "delivered", delivered: last.next };
  }

  return {
    async send({ records, next }, signal) {
      if (current === undefined) {
        const opened = await connectSyslog(target, clock, signal);
        if (typeof opened === "string") return lose(opened);
        current = opened;
      }
      sent ??= { since: clock.monotonic(), records: 0, next };
      const problem = await current.write(syslogFrames(records, exporter));
      if (problem !== undefined) return lose(problem);
      sent.records += records.length;
      sent.next = next;
      return { kind: "pending" };
    },
    async settle(signal) {
      const open = current;
      if (open === undefined) return { kind: "pending" };
      if (open.broken !== undefined) {
        if (sent !== undefined || read.length > 0) return lose(open.broken);
        current = undefined;
        return { kind: "pending" };
      }
      if (
        sent !== undefined &&
        (sent.records >= CONFIRM_RECORDS || clock.monotonic() - sent.since >= CONFIRM_EVERY_MS)
      ) {
        const problem = await change(open, signal);
        if (problem !== undefined) return lose(problem);
        const last = read.at(-1);
        if (last !== undefined && read.length >= MAX_MARKS) last.next = sent.next;
        else read.push({ next: sent.next, at: clock.monotonic() });
        sent = undefined;
      }
      return arrived();
    },
    async close() {
      const open = current;
      current = undefined;
      const cancel = clock.schedule(CLOSE_GRACE_MS, () => open?.destroy());
      await open?.finish();
      cancel();
      open?.destroy();
    },
  };
}
