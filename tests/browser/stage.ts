import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import {
  signedIn,
  startBrowser,
  visitor,
  type Visitor,
  type VisitorOptions,
} from "@mayfly/testing/browser.ts";
import type { Login } from "@mayfly/testing/people.ts";
import { startWorld, type World, type WorldOptions } from "@mayfly/testing/world.ts";

/** A gateway with everything around it and a browser, for the tests of one file. */
export interface Stage<There extends World = World> {
  readonly world: There;
  readonly browser: Browser;
  /** Somebody at a new browser; closed after the test, which fails if anything was refused or crashed. */
  visitor(options?: VisitorOptions): Promise<Visitor>;
  /** The same, signed in. */
  signedIn(
    login: Login,
    to?: string,
    options?: VisitorOptions & { readonly by?: "oidc" | "saml" },
  ): Promise<Visitor>;
}

/** Sets the stage for the tests around the call. */
export function useStage(options: Partial<WorldOptions> = {}): Stage {
  return useStageOf(() => startWorld({ store: "sqlite", ...options }));
}

/** The same with a world of another make. */
export function useStageOf<There extends World>(start: () => Promise<There>): Stage<There> {
  let world: There | undefined;
  let browser: Browser | undefined;
  const visitors: Visitor[] = [];
  const there = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("the stage is set while tests run, not before");
    return value;
  };
  const keep = (who: Visitor): Visitor => {
    visitors.push(who);
    return who;
  };
  beforeAll(async () => {
    world = await start();
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
  });
  afterEach(async ({ task }) => {
    world?.okta.resume();
    const wrong: string[] = [];
    for (const [index, who] of visitors.splice(0).entries()) {
      if (task.result?.state === "fail") {
        const text = await who.page.locator("body").innerText({ timeout: 2000 }).catch(String);
        console.error(`visitor ${index + 1} of “${task.name}” was at ${who.page.url()}:\n${text}`);
      }
      wrong.push(...who.violations, ...who.crashes);
      await who.close();
    }
    if (wrong.length > 0) throw new Error(`a page was not well: ${wrong.join("; ")}`);
  });
  return {
    get world() {
      return there(world);
    },
    get browser() {
      return there(browser);
    },
    visitor: async (more) => keep(await visitor(there(browser), there(world).gateway, more)),
    signedIn: async (login, to, more) =>
      keep(await signedIn(there(browser), there(world).gateway, login, to, more)),
  };
}
