import type { IconName } from "../components/icons.tsx";
import type { NavPath } from "../roles.ts";

/** The pages of the navigation, in its order. */
export const pages: readonly { readonly to: NavPath; readonly label: string; readonly icon: IconName }[] = [
  { to: "/overview", label: "Overview", icon: "overview" },
  { to: "/inbox", label: "Inbox", icon: "inbox" },
  { to: "/live", label: "Live", icon: "live" },
  { to: "/activity", label: "Activity", icon: "activity" },
  { to: "/reach", label: "Reach", icon: "reach" },
  { to: "/connections", label: "Connections", icon: "connections" },
  { to: "/integrity", label: "Integrity", icon: "integrity" },
];
