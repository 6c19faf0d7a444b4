import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { testBed, type TestBed } from "./testing/cli.ts";

let bed: TestBed;
const beds: TestBed[] = [];

beforeEach(async () => {
  bed = await testBed();
  beds.push(bed);
});

afterAll(async () => {
  for (const each of beds) await each.close();
});

const reviewer = { MAYFLY_TOKEN: "token-reviewer" };
const states = (): string[] => [...bed.all.grants.store.grants.values()].map(({ state }) => state);
const requestStates = (): string[] => [...bed.all.grants.store.requests.values()].map(({ state }) => state);
const run = ["run", "orders-db/read-orders", "--reason", "TICKET-1", "--"];

describe("run", () => {
  it("gives the command the ways in, and releases", async () => {
    const ca = join(bed.state, "ca.pem");
    writeFileSync(ca, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
    const ran = await bed.run([...run, "env"], {
      MAYFLY_CA: ca,
      PGHOSTADDR: "10.6.6.6",
      PGSERVICE: "elsewhere",
    });
    expect(ran.code).toBe(0);
    const env = Object.fromEntries(ran.stdout.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2)));
    const [grant] = bed.all.grants.store.grants.values();
    expect(env).toMatchObject({
      PGHOST: "127.0.0.1",
      PGUSER: grant!.id,
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: ca,
    });
    expect(env["PGPASSWORD"]).toMatch(/^[0-9a-z]{32}$/);
    expect(env["DATABASE_URL"]).toContain(env["PGPASSWORD"]);
    expect(ran.stdout).not.toMatch(/token-agent|10\.6\.6\.6|elsewhere/);
    expect(ran.stderr).toContain("mayfly: released");
    expect(ran.stderr).not.toContain(env["PGPASSWORD"]);
    expect(states()).toEqual(["released"]);
  });

  it("gives back the command's exit code", async () => {
    expect((await bed.run([...run, "sh", "-c", "exit 42"])).code).toBe(42);
    expect(states()).toEqual(["released"]);
  });

  it("takes flags behind -- for the command's", async () => {
    const ran = await bed.run([...run, "echo", "--help", "--", "-q"]);
    expect(ran.stdout).toBe("--help -- -q\n");
  });

  it.each(["SIGSEGV", "SIGKILL"])("releases when the command crashes by %s", async (signal) => {
    const ran = await bed.run([...run, "sh", "-c", `kill -${signal.slice(3)} $$`]);
    expect(ran.code).toBe(signal === "SIGKILL" ? 137 : 139);
    expect(states()).toEqual(["released"]);
  });

  it("releases when there is no such command", async () => {
    const ran = await bed.run([...run, "no-such-command-here"]);
    expect(ran.code).toBe(127);
    expect(ran.stderr).toContain("there is no such command");
    expect(states()).toEqual(["released"]);
  });

  it.each<[NodeJS.Signals, number]>([
    ["SIGTERM", 15],
    ["SIGINT", 2],
    ["SIGHUP", 1],
  ])("passes %s on, and releases", async (signal, number) => {
    const running = bed.start([
      ...run,
      "sh",
      "-c",
      `trap 'echo caught; exit 7' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`,
    ]);
    await running.says("ready");
    expect(states()).toEqual(["active"]);
    running.kill(signal);
    const ran = await running.done;
    expect(ran.stdout).toContain("caught");
    expect([ran.code, number]).toEqual([7, number]);
    expect(states()).toEqual(["released"]);
  });

  it("tells by its exit code which signal ended the command", async () => {
    const running = bed.start([...run, "sh", "-c", "echo ready; exec sleep 60"]);
    await running.says("ready");
    running.kill("SIGTERM");
    expect((await running.done).code).toBe(143);
    expect(states()).toEqual(["released"]);
  });

  it("waits for approval, and takes the request back on Ctrl-C", async () => {
    const args = ["run", "orders-db/refund-order", "--reason", "TICKET-2", "--", "sh", "-c", "echo in"];
    const approved = bed.start(args);
    await approved.says("waits for support-leads");
    const [id] = bed.all.grants.store.requests.keys();
    expect((await bed.run(["approve", id!, "--yes"], reviewer)).code).toBe(0);
    expect(await approved.done).toMatchObject({ code: 0, stdout: "in\n" });

    const interrupted = bed.start(args);
    await interrupted.says("waits for support-leads");
    interrupted.kill("SIGINT");
    expect(await interrupted.done).toMatchObject({ code: 130, stdout: "" });
    expect(requestStates()).toEqual(["approved", "withdrawn"]);
    expect(states()).toEqual(["released"]);
  });

  it("keeps the command's exit code and says so when the release fails", async () => {
    bed.all.grants.failReleases(3);
    const ran = await bed.run([...run, "sh", "-c", "exit 3"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("is not released; it ends at");
  });

  it("is silent with -q", async () => {
    const ran = await bed.run(["run", "-q", ...run.slice(1), "true"]);
    expect(ran).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  it("runs nothing when denied", async () => {
    const ran = await bed.run(["run", "orders-db/drop", "--reason", "x", "--", "echo", "ran"]);
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toMatch(
      /^mayfly: the request for orders-db\/drop is denied\n {2}no policy .*\nhint: /,
    );
  });
});
