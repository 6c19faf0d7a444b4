// What each role sees. The gateway decides who may do what; this only keeps doors out of sight that would not open.

/** What a person may do, by their groups. */
export type Role = "reviewer" | "operator" | "auditor";

/** The pages and whom they are for. */
export const pageRoles = {
  "/overview": ["operator", "auditor"],
  "/inbox": ["reviewer"],
  "/emergencies": ["reviewer", "operator", "auditor"],
  "/live": ["operator", "auditor"],
  "/activity": ["operator", "auditor"],
  "/reach": ["reviewer", "operator", "auditor"],
  "/connections": ["reviewer", "operator", "auditor"],
  "/integrity": ["operator", "auditor"],
} as const satisfies Readonly<Record<string, readonly Role[]>>;

/** A page with a place in the navigation; the Inbox and the Overview lead to the emergencies. */
export type NavPath = Exclude<keyof typeof pageRoles, "/emergencies">;

/** Whether somebody with `roles` sees what is for `allowed`. */
export function sees(roles: readonly string[], allowed: readonly Role[]): boolean {
  return allowed.some((role) => roles.includes(role));
}

/** Where somebody starts: what waits for them first. Undefined without any role. */
export function startPage(roles: readonly string[]): "/inbox" | "/overview" | undefined {
  if (roles.includes("reviewer")) return "/inbox";
  return sees(roles, pageRoles["/overview"]) ? "/overview" : undefined;
}
