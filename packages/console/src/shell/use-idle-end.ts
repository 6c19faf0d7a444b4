import { useEffect } from "react";
import { mayfly } from "../api/client.ts";
import { useSession } from "../api/session.ts";
import { leave } from "./leave.ts";

const signs = ["pointerdown", "keydown", "wheel", "touchstart"] as const;
/** How often it is looked, milliseconds. */
const step = 15_000;

/** Where the tabs of this browser tell each other when somebody last touched one of them. */
const shared = "mayfly-touched";
/** They tell no more often than this, milliseconds. */
const telling = 5_000;

/** When somebody last touched any tab, milliseconds since the epoch; 0 when it is not known. */
function touchedAnywhere(): number {
  try {
    const at = Number(localStorage.getItem(shared)) || 0;
    return at > Date.now() ? 0 : at;
  } catch {
    return 0; // storage is switched off: this tab speaks for itself
  }
}

function tellTabs(at: number): void {
  try {
    localStorage.setItem(shared, String(at));
  } catch {
    // As above.
  }
}

/**
 * Ends the session when nobody has touched the console for as long as the session may idle. The page asks by itself
 * whenever something happens at the gateway, so the gateway alone could not tell an open tab from a person. A tab in the
 * background does not end what somebody does in another.
 */
export function useIdleEnd(): void {
  const { read_at: readAt, idle_ends_at: idleEndsAt } = useSession();
  useEffect(() => {
    let last = Date.now();
    tellTabs(last);
    let told = last;
    // The window as it was when the session was read; a minute at the least, whatever the clocks say.
    const window = Math.max(60_000, Date.parse(idleEndsAt) - readAt);
    const touched = (): void => {
      last = Date.now();
      if (last - told < telling) return;
      told = last;
      tellTabs(last);
    };
    for (const sign of signs) addEventListener(sign, touched, { passive: true });
    const timer = setInterval(() => {
      if (Date.now() - Math.max(last, touchedAnywhere()) < window) return;
      clearInterval(timer);
      const gone = (): void => leave("idle");
      mayfly.signOut().then(gone, gone);
    }, step);
    return () => {
      clearInterval(timer);
      for (const sign of signs) removeEventListener(sign, touched);
    };
  }, [readAt, idleEndsAt]);
}
