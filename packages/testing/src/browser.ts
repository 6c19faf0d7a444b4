import { accessSync, constants } from "node:fs";
import path from "node:path";
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from "playwright-core";
import { people, type Login } from "./people.ts";

/** Where the system's chromium is. @throws Error with a hint when there is none: a missing browser fails, never skips. */
function chromiumPath(): string {
  for (const folder of (process.env["PATH"] ?? "").split(path.delimiter)) {
    const file = path.join(folder, "chromium");
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  throw new Error(
    "there is no chromium in PATH\nhint: `npm test` brings it on Debian; elsewhere install Chromium so that `chromium` starts it, or put a link of that name into PATH",
  );
}

/** Starts a real Chromium without a window. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    // Chromium's own sandbox does not start as root, nor where user namespaces are switched off.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/** A person at a browser of their own. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the content security policy refused, on any page so far. */
  readonly violations: readonly string[];
  /** Exceptions that no page caught. */
  readonly crashes: readonly string[];
  /** Opens a path of the console. */
  open(to: string): Promise<void>;
  /** Signs in from wherever the page is, which shows the sign-in page, and waits until the console is back. */
  signIn(login: Login, by?: "oidc" | "saml"): Promise<void>;
  /** Forgets what the content security policy refused: it was meant to be. */
  forgive(): void;
  close(): Promise<void>;
}

/** What the buttons of the sign-in page say: the labels of demo/mayfly.yaml. */
const ways = { oidc: /\bOkta$/, saml: /\bOkta \(SAML\)$/ } as const;

/** The button or link of a way to sign in. */
export function wayIn(page: Page, by: "oidc" | "saml"): Locator {
  return page.getByRole("link", { name: ways[by] }).or(page.getByRole("button", { name: ways[by] }));
}

/** Presses a person's button on the provider's page. */
export async function chooseAtProvider(page: Page, login: Login): Promise<void> {
  const { name } = people.find((one) => one.login === login) ?? { name: login };
  await page.getByRole("heading", { name: "Who are you?" }).waitFor();
  await page.getByRole("button", { name: new RegExp(`^${name}`) }).click();
}

/** Runs in the page: tells of everything that the content security policy refuses. */
const watchPolicy = `document.addEventListener("securitypolicyviolation", (event) =>
  reportViolation(event.violatedDirective + " refused " + event.blockedURI + " on " + location.pathname));`;

export interface VisitorOptions {
  readonly colorScheme?: "light" | "dark";
  readonly viewport?: { readonly width: number; readonly height: number };
  /** A touch screen without a mouse. */
  readonly phone?: boolean;
}

/** The size of a small phone. */
export const phone: VisitorOptions = { viewport: { width: 360, height: 740 }, phone: true };

/** A new person at a new browser, nobody signed in. */
export async function visitor(
  browser: Browser,
  gateway: { readonly url: string },
  options: VisitorOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: gateway.url,
    // The gateway of a test has a CA of its own.
    ignoreHTTPSErrors: true,
    colorScheme: options.colorScheme ?? "light",
    viewport: options.viewport ?? { width: 1280, height: 800 },
    hasTouch: options.phone ?? false,
    isMobile: options.phone ?? false,
    locale: "en-GB",
    timezoneId: "UTC",
    acceptDownloads: true,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(15_000);
  const [violations, crashes]: [string[], string[]] = [[], []];
  await context.exposeFunction("reportViolation", (text: string) => void violations.push(text));
  await context.addInitScript({ content: watchPolicy });
  const page = await context.newPage();
  page.on("pageerror", (error) => crashes.push(`${page.url()}: ${error.message}`));
  return {
    page,
    context,
    violations,
    crashes,
    async open(to) {
      await page.goto(to);
    },
    async signIn(login, by = "oidc") {
      await wayIn(page, by).click();
      await chooseAtProvider(page, login);
      await page.waitForURL((url) => url.origin === gateway.url && !url.pathname.startsWith("/sign-in"));
      await page.getByRole("main").waitFor();
    },
    forgive: () => void violations.splice(0),
    close: () => context.close(),
  };
}

/** A person who has signed in and looks at `to`. */
export async function signedIn(
  browser: Browser,
  gateway: { readonly url: string },
  login: Login,
  to = "/",
  options: VisitorOptions & { readonly by?: "oidc" | "saml" } = {},
): Promise<Visitor> {
  const who = await visitor(browser, gateway, options);
  await who.open(to);
  await who.signIn(login, options.by);
  return who;
}
