// tier: full
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { signIn } from "@mayfly/okta-stand-in";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  blocksOf,
  commandsOf,
  follow,
  openTerminal,
  type Block,
  type Stage,
} from "@mayfly/testing/document.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { freePort } from "@mayfly/testing/ports.ts";

// docs/okta-guide.md, as a reader would type it, on a machine where nothing is prepared: a home of its own, ports that
// are free, and the page's own first command bringing what is needed. A reader's browser is the only part that is played.
const page = await readFile(path.join(root, "docs/okta-guide.md"), "utf8");
const blocks = blocksOf(page);
const without = "Without an Okta org";
const isDone = ({ words }: Block): boolean => "run" in words || "file" in words;

let home: string;
let stage: Stage;

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "mayfly-guide-"));
  const ports = await Promise.all(
    ["9000", "5433", "8443", "6432"].map(async (port) => [port, await freePort()]),
  );
  stage = {
    folder: path.join(home, "mayfly-try"),
    terminal: openTerminal(root, { HOME: home, XDG_STATE_HOME: "", SSH_CONNECTION: "" }),
    instead: Object.fromEntries(ports.map(([from, to]) => [String(from), String(to)])),
    signIn,
  };
});
afterEach(async () => {
  await stage.terminal.close();
  await rm(home, { recursive: true, force: true });
});

test(
  "without an Okta org: from keys to a grant, an approval, and a query that is cut by a deactivation",
  { timeout: 600_000 },
  async () => {
    const section = blocks.filter(({ under }) => under.includes(without));
    // Nothing of this section is left out.
    expect(section.filter((block) => !isDone(block))).toEqual([]);
    for (const block of section) await follow(block, stage);
  },
);

test("in an org: every file is good, and what needs no org does what the page shows", async () => {
  const steps = blocks.filter((block) => !block.under.includes(without) && isDone(block));
  expect(steps.filter(({ language }) => language === "console").length).toBeGreaterThanOrEqual(5);
  const opening = blocks.find(({ under }) => under.includes(without));
  if (opening === undefined) throw new Error("the section has no first block");
  for (const block of [opening, ...steps]) await follow(block, stage);
});

test("the page's console blocks can be read as commands, whether they are run or not", () => {
  const consoles = blocks.filter(({ language }) => language === "console");
  expect(consoles.flatMap(({ text }) => commandsOf(text)).length).toBeGreaterThan(50);
});
