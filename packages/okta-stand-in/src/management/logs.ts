import { BadFilter, logPage } from "../events/system-log.ts";
import { OktaApiError } from "./okta-error.ts";
import type { Route } from "./route.ts";

/** `GET /api/v1/logs`: pages by `Link`, of which a poll (no `until`) always has a next one. */
export const logRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/api\/v1\/logs$/,
    demand: { scope: "okta.logs.read" },
    handle: ({ log, settings }, { query }) => {
      try {
        const page = logPage(log, query);
        const link = (after: string | undefined, rel: string): string => {
          const asked = new URLSearchParams(query);
          if (after !== undefined) asked.set("after", after);
          return `<${settings.origin}/api/v1/logs?${asked.toString()}>; rel="${rel}"`;
        };
        const next = page.next === undefined ? [] : [link(page.next, "next")];
        return { status: 200, body: page.events, headers: { link: [link(undefined, "self"), ...next] } };
      } catch (thrown) {
        if (!(thrown instanceof BadFilter)) throw thrown;
        throw new OktaApiError(400, "E0000031", `Invalid search criteria: ${thrown.message}`);
      }
    },
  },
];
