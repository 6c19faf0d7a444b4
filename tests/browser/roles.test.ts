// tier: full
import { describe, expect, test } from "vitest";
import { askRefund } from "@mayfly/testing/agent.ts";
import type { Login } from "@mayfly/testing/people.ts";
import { useStage } from "./stage.ts";

/** What each role sees, and what it must not see: pages by their place in the navigation, endpoints by their path. */
const roles: readonly {
  readonly login: Login;
  readonly start: string;
  readonly pages: readonly string[];
  readonly answered: readonly string[];
}[] = [
  {
    login: "rosa@example.com",
    start: "/inbox",
    pages: ["Inbox", "Reach", "Connections"],
    answered: ["/v1/inbox", "/v1/reach", "/v1/connections"],
  },
  {
    login: "olga@example.com",
    start: "/overview",
    pages: ["Overview", "Live", "Activity", "Reach", "Connections", "Integrity"],
    answered: [
      "/v1/live",
      "/v1/overview",
      "/v1/audit/records",
      "/v1/audit/checkpoint",
      "/v1/audit/proofs",
      "/v1/reach",
      "/v1/connections",
      "/v1/webhooks/deliveries",
      "/v1/sessions?all=true",
    ],
  },
  {
    login: "ada@example.com",
    start: "/overview",
    pages: ["Overview", "Live", "Activity", "Reach", "Connections", "Integrity"],
    answered: [
      "/v1/live",
      "/v1/overview",
      "/v1/audit/records",
      "/v1/audit/checkpoint",
      "/v1/audit/proofs",
      "/v1/reach",
      "/v1/connections",
    ],
  },
  { login: "nils@example.com", start: "/", pages: [], answered: [] },
];

const pages = ["Overview", "Inbox", "Live", "Activity", "Reach", "Connections", "Integrity"];
const endpoints = [...new Set(roles.flatMap(({ answered }) => answered))];

/** What changes something, with a body that would be good if the role were. */
const changes: readonly { readonly method: string; readonly path: string; readonly operatorOnly: boolean }[] =
  [
    { method: "PUT", path: "/v1/lockdown", operatorOnly: true },
    { method: "POST", path: "/v1/grants/revoke", operatorOnly: true },
  ];

describe("what each role must not see", () => {
  const stage = useStage();

  test.each(roles)(
    "$login sees what is theirs and nothing else",
    async ({ login, start, pages: own, answered }) => {
      const { id } = await askRefund(stage.world);
      const who = await stage.signedIn(login);
      await expect.poll(() => new URL(who.page.url()).pathname).toBe(start);
      const links = who.page.getByRole("navigation", { name: "Pages" }).getByRole("link");
      // Behind a page's name may stand how much waits there.
      expect((await links.allInnerTexts()).map((text) => text.trim().split(/\s/)[0])).toEqual([...own]);
      const asked: string[] = [];
      who.page.on("response", (response) => {
        if (response.status() === 403) asked.push(new URL(response.url()).pathname);
      });
      for (const name of pages) {
        await who.open(`/${name.toLowerCase()}`);
        const closed = who.page.getByText("Your roles don't include this page");
        const heading = who.page.getByRole("heading", { level: 1, name, exact: true });
        await closed.or(heading).first().waitFor();
        expect(await closed.count(), name).toBe(own.includes(name) ? 0 : 1);
      }
      // A page does not even ask for what its reader may not have.
      expect(asked).toEqual([]);
      const { url } = stage.world.gateway;
      for (const path of endpoints) {
        const answer = await who.context.request.get(`${url}${path}`);
        expect(answer.status(), path).toBe(answered.includes(path) ? 200 : 403);
      }
      const request = await who.context.request.get(`${url}/v1/requests/${id}`);
      expect(request.status()).toBe(own.length === 0 ? 404 : 200);
    },
  );

  test("a session's cookie alone changes nothing: the csrf token and the origin have to be there, and right", async () => {
    const who = await stage.signedIn("olga@example.com");
    const { url } = stage.world.gateway;
    const session = (await (await who.context.request.get(`${url}/v1/session`)).json()) as { csrf: string };
    const body = { reason: "csrf" };
    const send = (method: string, path: string, headers: Record<string, string>) =>
      who.context.request.fetch(`${url}${path}`, { method, data: body, headers });
    for (const { method, path } of changes) {
      for (const headers of [
        {},
        { "x-mayfly-csrf": session.csrf },
        { "x-mayfly-csrf": session.csrf, origin: "https://evil.example" },
        { "x-mayfly-csrf": session.csrf, origin: "null" },
        { "x-mayfly-csrf": "guess", origin: url },
        { origin: url },
        { "x-mayfly-csrf": session.csrf, origin: url, "sec-fetch-site": "cross-site" },
      ])
        expect((await send(method, path, headers)).status(), JSON.stringify(headers)).toBe(403);
    }
    const locked = await who.context.request.get(`${url}/v1/lockdown`);
    expect(await locked.json()).toMatchObject({ locked: false });
  });
});
