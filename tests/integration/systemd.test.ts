// tier: gate
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";

// deploy/systemd as systemd itself judges it. Its own scale goes from 0, nothing exposed, to 10.

const MAX_EXPOSURE = 2;
const unit = path.join(root, "deploy/systemd/mayflyd.service");

/** What of a unit is exposed, in tenths, beyond what is allowed; `status` is 0 when it is not. */
function judge(file: string): { readonly status: number | null; readonly exposure: number } {
  const threshold = `--threshold=${MAX_EXPOSURE * 10}`;
  const ran = spawnSync("systemd-analyze", ["security", "--offline=true", "--no-pager", threshold, file], {
    encoding: "utf8",
  });
  const [, exposure = ""] = /Overall exposure level for \S+: ([\d.]+)/.exec(ran.stdout) ?? [];
  if (exposure === "") throw new Error(ran.stderr || String(ran.error));
  return { status: ran.status, exposure: Number(exposure) };
}

const lines = readFileSync(unit, "utf8")
  .split("\n")
  .filter((line) => /^\w+=/.test(line))
  .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const);
const settings = new Map(lines);

test("the unit exposes less than 2.0", () => {
  const { status, exposure } = judge(unit);
  expect(exposure).toBeLessThan(MAX_EXPOSURE);
  expect(status).toBe(0);
});

test("systemd knows every setting of it", () => {
  const { stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", unit], { encoding: "utf8" });
  // The program is installed where the unit says, and not here.
  const said = stderr.split("\n").filter((line) => line !== "" && !line.includes("is not executable"));
  expect(said).toEqual([]);
});

// os.networkInterfaces(), which Fastify calls once it listens at 0.0.0.0, throws where AF_NETLINK is refused.
test("it may ask for the machine's addresses, without which it cannot listen at 0.0.0.0", () => {
  expect(settings.get("RestrictAddressFamilies")?.split(" ")).toContain("AF_NETLINK");
});

// tests/e2e/systemd-reload.test.ts runs these lines.
test("a reload checks the very file that it serves, and then signals", () => {
  const reload = lines.filter(([name]) => name === "ExecReload").map(([, value]) => value);
  const [program = "", file = ""] = settings.get("ExecStart")?.split(" serve --config ") ?? [];
  expect(reload).toEqual([`${program} check --secrets ${file}`, "/bin/sh -c 'kill -HUP $MAINPID'"]);
});

test("it stops as a gateway stops, and logs to the journal", () => {
  expect(Number(settings.get("TimeoutStopSec"))).toBeGreaterThanOrEqual(20);
  expect([settings.get("StandardOutput"), settings.get("StandardError")]).toEqual(["journal", "journal"]);
  const account = readFileSync(path.join(root, "deploy/systemd/mayfly.conf"), "utf8");
  expect(account).toContain(`u ${settings.get("User")} `);
});
