import { useEffect } from "react";
import { mayfly } from "../api/client.ts";
import { useSession } from "../api/session.ts";
import { leave } from "./leave.ts";

const signs = ["pointerdown", "keydown", "wheel", "touchstart"] as const;
/** How often it is looked, milliseconds. */
const step = 15_000;

/**
 * Ends the session when nobody has touched the console for as long as the session may idle. The page asks by itself
 * whenever something happens at the gateway, so the gateway alone could not tell an open tab from a person.
 */
export function useIdleEnd(): void {
  const { read_at: readAt, idle_ends_at: idleEndsAt } = useSession();
  useEffect(() => {
    let last = Date.now();
    // The window as it was when the session was read; a minute at the least, whatever the clocks say.
    const window = Math.max(60_000, Date.parse(idleEndsAt) - readAt);
    const touched = (): void => {
      last = Date.now();
    };
    for (const sign of signs) addEventListener(sign, touched, { passive: true });
    const timer = setInterval(() => {
      if (Date.now() - last < window) return;
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
