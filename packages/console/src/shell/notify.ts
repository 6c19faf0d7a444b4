import type { InboxItem } from "@mayfly/sdk/browser";
import { useEffect, useRef } from "react";
import { useKnownWaiting } from "../api/waiting.ts";
import { visibleText } from "../components/visible.ts";
import { shortOperation } from "../pages/request/words.ts";

const key = "mayfly-notify";
/** What one notification says at most of a reason, in characters. */
const MAX_NOTIFIED_CHARACTERS = 200;

/** Whether this browser can show notifications at all. */
export function canNotify(): boolean {
  return "Notification" in globalThis;
}

/** Whether somebody asked for them on this device, and the browser lets the console show them. */
export function notifies(): boolean {
  try {
    return canNotify() && Notification.permission === "granted" && localStorage.getItem(key) === "on";
  } catch {
    return false; // storage is switched off
  }
}

/** Switches them on, asking the browser, or off. @returns whether they are on now */
export async function chooseNotify(on: boolean): Promise<boolean> {
  if (on && (!canNotify() || (await Notification.requestPermission()) !== "granted")) return false;
  try {
    localStorage.setItem(key, on ? "on" : "off");
  } catch {
    return false;
  }
  return on;
}

/** What is new among what waits: nothing at the first look, so that opening a page announces nothing old. */
export function newAmong(
  waiting: readonly InboxItem[],
  known: ReadonlySet<string> | undefined,
): readonly InboxItem[] {
  return known === undefined ? [] : waiting.filter(({ id }) => !known.has(id));
}

/** What a notification of some new requests says. Text that agents wrote is made visible and cut. */
export function noticeOf(items: readonly InboxItem[]): {
  readonly title: string;
  readonly body: string;
  readonly path: string;
} {
  const [first] = items;
  if (first === undefined || items.length > 1)
    return { title: `${items.length} new requests await your decision`, body: "", path: "/inbox" };
  const what = first.operations.map(shortOperation).join(", ");
  return {
    title: visibleText(`${first.requester.name} asks for ${what} on ${first.connection}`),
    body: visibleText(first.reason).slice(0, MAX_NOTIFIED_CHARACTERS),
    path: `/inbox?id=${first.id}`,
  };
}

/** Tells of new requests while nobody looks at the console. Once, in the shell. */
export function useNotices(): void {
  const waiting = useKnownWaiting();
  const known = useRef<ReadonlySet<string>>(undefined);
  useEffect(() => {
    // What waits before the page knows is not new: the first answer announces nothing.
    if (waiting === undefined) return;
    const fresh = newAmong(waiting, known.current);
    // Only grows: what comes back was known.
    known.current = new Set([...(known.current ?? []), ...waiting.map(({ id }) => id)]);
    if (fresh.length === 0 || !notifies() || document.hasFocus()) return;
    const { title, body, path } = noticeOf(fresh);
    // One at a time: a burst of requests replaces the notice before it.
    const notice = new Notification(title, { body, tag: "mayfly-inbox" });
    notice.addEventListener("click", () => {
      notice.close();
      globalThis.focus();
      location.assign(path);
    });
  }, [waiting]);
}
