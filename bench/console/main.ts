// `npm run bench -- console`: what the console costs its readers, in a real Chromium over the loopback address: the
// first load, the inbox with a thousand requests waiting, and Live with 500 active grants. Medians are printed, the raw rounds kept in a file.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { ask } from "@mayfly/testing/agent.ts";
import { signedIn, startBrowser, visitor, type Visitor } from "@mayfly/testing/browser.ts";
import { consoleSession } from "@mayfly/testing/console.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";
import { noTimes, type CpuTimes } from "../measure/process-times.ts";
import { resultFile, resultOptions, sayWhere, writeResult } from "../measure/results.ts";
import { difference, sampleNow } from "../measure/sampler.ts";
import { median } from "../median.ts";
import { quantile } from "../quantile.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    pending: { type: "string", default: "1000" },
    grants: { type: "string", default: "500" },
    ...resultOptions,
  },
});
const results = sayWhere(resultFile("console", values));
const rounds = Number(values.rounds);
const pending = Number(values.pending);
const grants = Number(values.grants);

/** What one load took: bytes over the wire by kind, and milliseconds from the navigation to the first request shown. */
interface Load {
  readonly script: number;
  readonly style: number;
  readonly document: number;
  readonly font: number;
  readonly other: number;
  readonly files: number;
  readonly shown: number;
  /** CPU of the gateway, microseconds. */
  readonly cpu: CpuTimes;
}

/** Loads the inbox with an empty cache, in a browser that is signed in: what a bookmark opens on another day. */
async function firstLoad(browser: Browser, world: World): Promise<Load> {
  const before = await signedIn(browser, world.gateway, "rosa@example.com", "/sessions");
  const who = await visitor(browser, world.gateway);
  await who.context.addCookies(await before.context.cookies());
  await before.close();
  const session = await who.context.newCDPSession(who.page);
  await session.send("Network.enable");
  const kinds = new Map<string, string>();
  const bytes: Record<string, number> = {};
  let files = 0;
  session.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId) ?? "Other";
    bytes[kind] = (bytes[kind] ?? 0) + encodedDataLength;
    files += encodedDataLength > 0 ? 1 : 0;
  });
  const idle = sampleNow({ gateway: [world.gateway.pid] });
  const shown = await timeToInbox(who.page, world);
  // What the first screen still fetches, the selected request among it.
  await who.page.getByRole("button", { name: /^Approve/ }).waitFor();
  const cpu = difference(idle, sampleNow({ gateway: [world.gateway.pid] })).times["gateway"] ?? noTimes;
  await who.close();
  const { Script = 0, Stylesheet = 0, Document = 0, Font = 0, ...rest } = bytes;
  const other = Object.values(rest).reduce((sum, one) => sum + one, 0);
  return { script: Script, style: Stylesheet, document: Document, font: Font, other, files, shown, cpu };
}

/** Milliseconds from the navigation until the first request is in the list, by the page's own clock. */
async function timeToInbox(page: Page, world: World): Promise<number> {
  await page.addInitScript({
    content: `{
      const look = () => {
        if (document.querySelector(".inbox-item") !== null) globalThis.firstItemAt ??= performance.now();
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }`,
  });
  await page.goto(`${world.gateway.url}/inbox`, { waitUntil: "commit" });
  await page.locator(".inbox-item").first().waitFor({ timeout: 60_000 });
  return Number(await page.evaluate("globalThis.firstItemAt"));
}

/** Scrolls through the whole list, a screen a frame; answers the frames' times in milliseconds. */
async function scroll(page: Page, list: string): Promise<readonly number[]> {
  const frames = await page.evaluate(`new Promise((resolve) => {
    let list = document.querySelector(${JSON.stringify(list)});
    // What scrolls may be the list, a part of the page around it, or the page.
    const scrolls = (one) => one.scrollHeight > one.clientHeight && /auto|scroll/.test(getComputedStyle(one).overflowY);
    while (list !== document.documentElement && !scrolls(list)) list = list.parentElement;
    const frames = [];
    let before;
    const step = (now) => {
      if (before !== undefined) frames.push(now - before);
      before = now;
      const at = list.scrollTop;
      list.scrollTop = at + list.clientHeight;
      if (list.scrollTop === at || frames.length > 2000) resolve(frames);
      else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  })`);
  return frames as readonly number[];
}

/** Creates requests: those for refunds wait, those for reading are grants at once. */
async function fill(world: World, operation: "refund-order" | "read-orders", count: number): Promise<void> {
  const token = await world.agentToken();
  for (let made = 0; made < count;) {
    try {
      const reason = `TICKET-${1000 + made}: the parcel of order ${made} is lost, refund it`;
      await ask(world, { operations: [operation], reason }, token);
      made += 1;
    } catch (error) {
      // The API slows down who asks too fast.
      if (!String(error).includes("429")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;
const ms = (time: number): string => `${Math.round(time)} ms`;

const world = await startWorld({
  store: "sqlite",
  configure: (text) => `${text}\nlimits: { pending_per_principal: 5000 }\n`,
});
const browser = await startBrowser();
try {
  await fill(world, "refund-order", 1);
  const loads: Load[] = [];
  for (let round = 0; round < rounds; round += 1) loads.push(await firstLoad(browser, world));
  await fill(world, "refund-order", pending - 1);

  const rosa = await consoleSession(world.gateway, world.okta, "rosa@example.com");
  const api: { milliseconds: number; items: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    const { body } = await rosa.call("GET", "/v1/inbox");
    const items = (body as { waiting: unknown[] }).waiting.length;
    api.push({ milliseconds: performance.now() - started, items });
  }
  const full: number[] = [];
  const frames: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const who: Visitor = await signedIn(browser, world.gateway, "rosa@example.com", "/sessions");
    const page = await who.context.newPage();
    full.push(await timeToInbox(page, world));
    frames.push(...(await scroll(page, ".inbox-list")));
    await who.close();
  }
  await fill(world, "read-orders", grants);
  const live: number[] = [];
  const rows: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const who = await signedIn(browser, world.gateway, "olga@example.com", "/live?unused=true");
    await who.page
      .locator(".live-table li")
      .nth(grants - 1)
      .waitFor({ state: "attached", timeout: 60_000 });
    rows.push(await who.page.locator(".live-table li").count());
    live.push(...(await scroll(who.page, ".live-table")));
    await who.close();
  }

  const of = (pick: (load: Load) => number): number => median(loads.map(pick));
  const lines: readonly (readonly [string, string])[] = [
    ["JavaScript, compressed", kb(of(({ script }) => script))],
    ["stylesheets, compressed", kb(of(({ style }) => style))],
    ["HTML, compressed", kb(of(({ document }) => document))],
    ["the typeface", kb(of(({ font }) => font))],
    ["API answers and icons", kb(of(({ other }) => other))],
    ["files and answers", String(of(({ files }) => files))],
    ["first load until the inbox shows a request", ms(of(({ shown }) => shown))],
    ["CPU of the gateway for it", ms(of(({ cpu }) => (cpu.user + cpu.kernel) / 1000))],
    [`GET /v1/inbox with ${api[0]?.items ?? 0} waiting`, ms(median(api.map((one) => one.milliseconds)))],
    [`first load until the inbox shows ${pending} waiting`, ms(median(full))],
    [`a frame while scrolling through ${pending}: median`, `${median(frames).toFixed(1)} ms`],
    [`a frame while scrolling through ${pending}: 95 %`, `${quantile(frames, 0.95).toFixed(1)} ms`],
    [
      `a frame while scrolling through ${pending}: the longest of ${frames.length}`,
      `${Math.max(...frames).toFixed(1)} ms`,
    ],
    [
      `a frame while scrolling through ${median(rows)} grants on Live: median`,
      `${median(live).toFixed(1)} ms`,
    ],
    [`a frame on Live: 95 %`, `${quantile(live, 0.95).toFixed(1)} ms`],
    [`a frame on Live: the longest of ${live.length}`, `${Math.max(...live).toFixed(1)} ms`],
  ];
  for (const [what, value] of lines) console.log(`| ${what} | ${value} |`);
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    node: process.version,
    chromium: browser.version(),
  };
  writeResult(
    results,
    `${JSON.stringify({ at: new Date().toISOString(), machine, rounds, pending, loads, api, full, frames: frames.map((one) => Math.round(one * 10) / 10), live: live.map((one) => Math.round(one * 10) / 10) }, undefined, 1)}\n`,
  );
} finally {
  await browser.close();
  await world.stop();
}
