import { type QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { isSignedOut } from "./api/problems.ts";
import { sessionQuery } from "./api/session.ts";
import { Skeleton } from "./components/states.tsx";
import { readSearch as readActivity } from "./pages/activity/search.ts";
import { readSearch as readAgent } from "./pages/agent/search.ts";
import { readSearch as readConnections } from "./pages/connections/search.ts";
import { readSearch as readEmergencies } from "./pages/emergencies/search.ts";
import { readSearch as readInbox } from "./pages/inbox/search.ts";
import { readSearch as readLive } from "./pages/live/search.ts";
import { readSearch as readReach } from "./pages/reach/search.ts";
import { safeReturn } from "./pages/sign-in/return.ts";
import { pageRoles, type Role, startPage } from "./roles.ts";
import { Failed } from "./shell/failed.tsx";
import { NotFound } from "./shell/not-found.tsx";
import { Shell } from "./shell/shell.tsx";

// Every route of the console. A page's code is loaded when the page is opened first; what it keeps in the URL is
// read by its own pages/NAME/search.ts.

const rootRoute = createRootRouteWithContext<{ readonly queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: (search): { problem?: string; return?: string } => ({
    ...(typeof search["problem"] === "string" ? { problem: search["problem"] } : {}),
    ...(typeof search["return"] === "string" ? { return: safeReturn(search["return"]) } : {}),
  }),
  component: lazyRouteComponent(() => import("./pages/sign-in/index.tsx"), "SignInPage"),
});

/** Everything that needs somebody signed in. */
const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  async beforeLoad({ context, location }) {
    try {
      return { session: await context.queryClient.ensureQueryData(sessionQuery) };
    } catch (error) {
      if (!isSignedOut(error)) throw error;
      // oxlint-disable-next-line typescript/only-throw-error -- how the router takes a redirect
      throw redirect({ to: "/sign-in", search: { return: safeReturn(location.href) } });
    }
  },
  component: Shell,
  errorComponent: Failed,
});

const homeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  beforeLoad({ context }) {
    const to = startPage(context.session.me.roles);
    // oxlint-disable-next-line typescript/only-throw-error -- how the router takes a redirect
    if (to !== undefined) throw redirect({ to, replace: true });
  },
  component: lazyRouteComponent(() => import("./pages/home/index.tsx"), "HomePage"),
});

/** Whom a page is for; the shell shows "no permission" to everybody else. */
const forRoles = (path: keyof typeof pageRoles): { roles: readonly Role[] } => ({ roles: pageRoles[path] });

const overviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/overview",
  staticData: forRoles("/overview"),
  component: lazyRouteComponent(() => import("./pages/overview/index.tsx"), "OverviewPage"),
});

const inboxRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/inbox",
  staticData: forRoles("/inbox"),
  validateSearch: readInbox,
  component: lazyRouteComponent(() => import("./pages/inbox/index.tsx"), "InboxPage"),
});

const emergenciesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/emergencies",
  staticData: forRoles("/emergencies"),
  validateSearch: readEmergencies,
  component: lazyRouteComponent(() => import("./pages/emergencies/index.tsx"), "EmergenciesPage"),
});

const requestRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/requests/$id",
  component: lazyRouteComponent(() => import("./pages/request/index.tsx"), "RequestPage"),
});

const agentRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/agents/$subject",
  staticData: forRoles("/reach"),
  validateSearch: readAgent,
  component: lazyRouteComponent(() => import("./pages/agent/index.tsx"), "AgentPage"),
});

const liveRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/live",
  staticData: forRoles("/live"),
  validateSearch: readLive,
  component: lazyRouteComponent(() => import("./pages/live/index.tsx"), "LivePage"),
});

const activityRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/activity",
  staticData: forRoles("/activity"),
  validateSearch: readActivity,
  component: lazyRouteComponent(() => import("./pages/activity/index.tsx"), "ActivityPage"),
});

const reachRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/reach",
  staticData: forRoles("/reach"),
  validateSearch: readReach,
  component: lazyRouteComponent(() => import("./pages/reach/index.tsx"), "ReachPage"),
});

const connectionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/connections",
  staticData: forRoles("/connections"),
  validateSearch: readConnections,
  component: lazyRouteComponent(() => import("./pages/connections/index.tsx"), "ConnectionsPage"),
});

const integrityRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/integrity",
  staticData: forRoles("/integrity"),
  component: lazyRouteComponent(() => import("./pages/integrity/index.tsx"), "IntegrityPage"),
});

const sessionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/sessions",
  component: lazyRouteComponent(() => import("./pages/sessions/index.tsx"), "SessionsPage"),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  shellRoute.addChildren([
    homeRoute,
    overviewRoute,
    inboxRoute,
    emergenciesRoute,
    requestRoute,
    agentRoute,
    liveRoute,
    activityRoute,
    reachRoute,
    connectionsRoute,
    integrityRoute,
    sessionsRoute,
  ]),
]);

function Pending() {
  return (
    <div className="page">
      <Skeleton lines={6} />
    </div>
  );
}

/** Makes the router. */
export function createConsoleRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: "intent",
    defaultPendingComponent: Pending,
    defaultPendingMs: 300,
    defaultErrorComponent: Failed,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
  interface StaticDataRouteOption {
    /** Whom the page is for; left out: everyone who is signed in. */
    roles?: readonly Role[];
  }
}
