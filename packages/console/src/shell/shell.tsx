import { Link, Outlet, useMatches } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useRoles } from "../api/session.ts";
import { useWaiting } from "../api/waiting.ts";
import { Card } from "../components/card.tsx";
import { Icon } from "../components/icons.tsx";
import { Banner, Page } from "../components/page.tsx";
import { NoPermission } from "../components/states.tsx";
import { useEvents } from "../events/use-events.ts";
import { pageRoles, sees } from "../roles.ts";
import { AccountMenu } from "./account-menu.tsx";
import { Brand } from "./brand.tsx";
import { LockdownBanner } from "./lockdown-banner.tsx";
import { ObservedBanner } from "./observed-banner.tsx";
import { useNotices } from "./notify.ts";
import { PaletteButton } from "./palette-button.tsx";
import { useIdleEnd } from "./use-idle-end.ts";
import { pages } from "./pages.ts";

/** What stands around every page: where one can go, who one is, and what must not be missed. */
export function Shell(): ReactNode {
  const roles = useRoles();
  const connected = useEvents();
  useIdleEnd();
  useNotices();
  const waiting = useWaiting().length;
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
        <PaletteButton />
        <AccountMenu />
      </header>
      <nav className="nav" aria-label="Pages">
        <ul>
          {pages
            .filter(({ to }) => sees(roles, pageRoles[to]))
            .map(({ to, label, icon }) => (
              <li key={to}>
                <Link to={to} className="nav-link" activeProps={{ "aria-current": "page" }}>
                  <Icon name={icon} size={20} />
                  <span>{label}</span>
                  {to === "/inbox" && waiting > 0 && (
                    <span className="nav-badge numeric">
                      {waiting > 99 ? "99+" : waiting}
                      <span className="visually-hidden"> waiting for you</span>
                    </span>
                  )}
                </Link>
              </li>
            ))}
        </ul>
      </nav>
      <main id="main" className="main" tabIndex={-1}>
        {!connected && (
          <Banner tone="warn">
            <strong>Connection lost.</strong> This page may be out of date; reconnecting…
          </Banner>
        )}
        <LockdownBanner />
        <ObservedBanner />
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
