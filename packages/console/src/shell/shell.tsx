import { Link, Outlet, useMatches } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useRoles } from "../api/session.ts";
import { Card } from "../components/card.tsx";
import { Icon, type IconName } from "../components/icons.tsx";
import { Banner, Page } from "../components/page.tsx";
import { NoPermission } from "../components/states.tsx";
import { useEvents } from "../events/use-events.ts";
import { type NavPath, pageRoles, sees } from "../roles.ts";
import { AccountMenu } from "./account-menu.tsx";
import { Brand } from "./brand.tsx";
import { LockdownBanner } from "./lockdown-banner.tsx";
import { useIdleEnd } from "./use-idle-end.ts";

const places: readonly { readonly to: NavPath; readonly label: string; readonly icon: IconName }[] = [
  { to: "/inbox", label: "Inbox", icon: "inbox" },
  { to: "/live", label: "Live", icon: "live" },
  { to: "/activity", label: "Activity", icon: "activity" },
  { to: "/reach", label: "Reach", icon: "reach" },
  { to: "/connections", label: "Connections", icon: "connections" },
  { to: "/integrity", label: "Integrity", icon: "integrity" },
];

/** What stands around every page: where one can go, who one is, and what must not be missed. */
export function Shell(): ReactNode {
  const roles = useRoles();
  const connected = useEvents();
  useIdleEnd();
  const needs = useMatches({ select: (matches) => matches.at(-1)?.staticData.roles });
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className="topbar">
        <Link to="/" className="brand-link" aria-label="Mayfly, start page">
          <Brand />
        </Link>
        <AccountMenu />
      </header>
      <nav className="nav" aria-label="Pages">
        <ul>
          {places
            .filter(({ to }) => sees(roles, pageRoles[to]))
            .map(({ to, label, icon }) => (
              <li key={to}>
                <Link to={to} className="nav-link" activeProps={{ "aria-current": "page" }}>
                  <Icon name={icon} size={20} />
                  <span>{label}</span>
                </Link>
              </li>
            ))}
        </ul>
      </nav>
      <main id="main" className="main" tabIndex={-1}>
        {!connected && (
          <Banner tone="warn">
            <strong>Connection lost.</strong> What you see may be out of date; trying again by itself.
          </Banner>
        )}
        <LockdownBanner />
        {needs === undefined || sees(roles, needs) ? (
          <Outlet />
        ) : (
          <Page title="No permission">
            <Card>
              <NoPermission needs={needs} />
            </Card>
          </Page>
        )}
      </main>
    </div>
  );
}
