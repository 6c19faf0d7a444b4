import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { mayfly } from "../api/client.ts";
import { useSession } from "../api/session.ts";

const signs = ["pointerdown", "keydown", "wheel", "touchstart"] as const;
/** How often it is looked, milliseconds. */
const step = 15_000;

/**
 * Ends the session when nobody has touched the console for as long as the session may idle. The page asks by itself
 * whenever something happens at the gateway, so the gateway alone could not tell an open tab from a person.
 */
export function useIdleEnd(): void {
  const session = useSession();
  const queryClient = useQueryClient();
  const router = useRouter();
  const allowed = new Date(session.idle_ends_at).getTime() - Date.now();
  useEffect(() => {
    let last = Date.now();
    // The window as it was when the session was read; a minute at the least, whatever the clocks say.
    const window = Math.max(60_000, allowed);
    const touched = (): void => {
      last = Date.now();
    };
    for (const sign of signs) addEventListener(sign, touched, { passive: true });
    const timer = setInterval(() => {
      if (Date.now() - last < window) return;
      clearInterval(timer);
      const leave = (): void => {
        queryClient.clear();
        void router.navigate({ to: "/sign-in", search: { problem: "idle", return: location.pathname } });
      };
      mayfly.signOut().then(leave, leave);
    }, step);
    return () => {
      clearInterval(timer);
      for (const sign of signs) removeEventListener(sign, touched);
    };
    // Once a session: `allowed` is measured when it is read.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [session.csrf, queryClient, router]);
}
