import type { Connection, InboxItem, Live, Request } from "@mayfly/sdk/browser";
import type { AgentName } from "../components/agent-link.tsx";
import type { IconName } from "../components/icons.tsx";
import { shortOperation } from "../pages/request/words.ts";
import { pageRoles, sees } from "../roles.ts";
import { pages } from "./pages.ts";

// What the command palette finds, and how. Pure.

/** One thing to go to. */
export interface PaletteEntry {
  readonly key: string;
  readonly kind: "page" | "agent" | "request" | "grant" | "connection";
  readonly icon: IconName;
  readonly label: string;
  readonly detail: string;
  readonly to: string;
}

/** What is known when the palette opens; what a person may not see is left out. */
export interface PaletteFacts {
  readonly roles: readonly string[];
  readonly waiting: readonly InboxItem[];
  readonly requests: readonly Request[];
  readonly live: Live["grants"];
  readonly connections: readonly Connection[];
}

/** How many entries are listed. */
const MAX_LISTED = 50;

/** The address of an agent's page. */
export function agentPath({ kind, issuer, subject, client }: AgentName): string {
  const search = new URLSearchParams({ issuer, client, ...(kind === "person" ? { kind } : {}) });
  return `/agents/${encodeURIComponent(subject)}?${search}`;
}

const what = (names: readonly string[]): string => names.map(shortOperation).join(", ");

/** Everything that can be gone to. */
export function entriesOf(facts: PaletteFacts): readonly PaletteEntry[] {
  const entries = new Map<string, PaletteEntry>();
  const add = (entry: PaletteEntry): void => {
    if (!entries.has(entry.key)) entries.set(entry.key, entry);
  };
  const agent = (who: AgentName, owner: string | undefined): void =>
    add({
      key: `agent ${who.kind} ${who.issuer} ${who.subject} ${who.client}`,
      kind: "agent",
      icon: who.kind === "agent" ? "agent" : "person",
      label: who.name,
      detail: owner === undefined ? who.kind : `${who.kind} of ${owner}`,
      to: agentPath(who),
    });
  for (const { to, label, icon } of pages)
    if (sees(facts.roles, pageRoles[to])) add({ key: to, kind: "page", icon, label, detail: "page", to });
  if (facts.roles.includes("reviewer"))
    add({
      key: "decided",
      kind: "page",
      icon: "inbox",
      label: "Decided by you",
      detail: "page",
      to: "/inbox?show=decided",
    });
  if (sees(facts.roles, pageRoles["/emergencies"]))
    add({
      key: "emergencies",
      kind: "page",
      icon: "warning",
      label: "Emergencies to review",
      detail: "page",
      to: "/emergencies",
    });
  add({ key: "sessions", kind: "page", icon: "person", label: "Sessions", detail: "page", to: "/sessions" });
  for (const item of facts.waiting) {
    agent(item.requester, item.requester.owner);
    add({
      key: item.id,
      kind: "request",
      icon: "inbox",
      label: `${item.requester.name}: ${what(item.operations)} on ${item.connection}`,
      detail: item.reason,
      to: `/inbox?id=${item.id}`,
    });
  }
  for (const { grant } of facts.live) {
    agent(grant.requester, grant.requester.owner);
    add({
      key: grant.id,
      kind: "grant",
      icon: "live",
      label: `${grant.requester.name}: ${what(grant.operations)} on ${grant.connection}`,
      detail: `active grant ${grant.id}`,
      to: `/requests/${grant.request}`,
    });
  }
  for (const request of facts.requests) {
    agent(request.requester, request.requester.owner);
    add({
      key: request.id,
      kind: "request",
      icon: "clock",
      label: `${request.requester.name}: ${what(request.operations.map(({ name }) => name))} on ${request.connection}`,
      detail: `${request.state.replace("_", " ")} · ${request.reason}`,
      to: `/requests/${request.id}`,
    });
  }
  for (const { name, protocol, address } of facts.connections)
    add({
      key: `connection ${name}`,
      kind: "connection",
      icon: "connections",
      label: name,
      detail: `${protocol} ${address}`.trim(),
      to: `/connections?open=${encodeURIComponent(name)}`,
    });
  return [...entries.values()];
}

const kinds: readonly PaletteEntry["kind"][] = ["page", "agent", "connection", "request", "grant"];

/** How well an entry fits: 0 where its name begins with the words, then where it holds them, then its details. */
function rank(entry: PaletteEntry, words: readonly string[], typed: string): number | undefined {
  const label = entry.label.toLowerCase();
  const all = `${label}\n${entry.detail.toLowerCase()}\n${entry.key.toLowerCase()}`;
  if (!words.every((word) => all.includes(word))) return undefined;
  if (label.startsWith(typed)) return 0;
  return words.every((word) => label.includes(word)) ? 1 : 2;
}

/** The entries that fit what was typed, the best first, at most 50. */
export function matching(entries: readonly PaletteEntry[], typed: string): readonly PaletteEntry[] {
  const text = typed.trim().toLowerCase();
  const words = text.split(/\s+/).filter((word) => word !== "");
  return entries
    .flatMap((entry) => {
      const fits = rank(entry, words, text);
      return fits === undefined ? [] : [{ entry, fits }];
    })
    .toSorted((a, b) => a.fits - b.fits || kinds.indexOf(a.entry.kind) - kinds.indexOf(b.entry.kind))
    .slice(0, MAX_LISTED)
    .map(({ entry }) => entry);
}
