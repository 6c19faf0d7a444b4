// tier: gate
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type TestBed, useTestBed } from "./testing/cli.ts";

let bed: TestBed;
useTestBed((made) => (bed = made));

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
      MAYFLY_ID_TOKEN: "a-persons-id-token",
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
    expect(ran.stdout).not.toMatch(/token-agent|a-persons-id-token|10\.6\.6\.6|elsewhere/);
    expect(ran.stderr).toContain("mayfly: released");
    expect(ran.stderr).not.toContain(env["PGPASSWORD"]);
    expect(states()).toEqual(["released"]);
  });

  it("has the command's clients trust the gateway's CA beside those that they trust already", async () => {
    const [ca, mine] = [join(bed.state, "ca.pem"), join(bed.state, "mine.pem")];
    writeFileSync(ca, "-----BEGIN CERTIFICATE-----\nthe gateway's\n-----END CERTIFICATE-----\n");
    writeFileSync(mine, "-----BEGIN CERTIFICATE-----\nmine\n-----END CERTIFICATE-----\n");
    const show =
      'for file in "$SSL_CERT_FILE" "$CURL_CA_BUNDLE" "$REQUESTS_CA_BUNDLE" "$NODE_EXTRA_CA_CERTS"; do' +
      ' echo "$(grep -c BEGIN "$file") $(grep -cx mine "$file") $(grep -cx "the gateway.s" "$file")"; done; echo "$MAYFLY_CA $SSL_CERT_FILE"';
    const ran = await bed.run([...run, "sh", "-c", show], {
      MAYFLY_CA: ca,
      CURL_CA_BUNDLE: mine,
      NODE_EXTRA_CA_CERTS: mine,
      SSL_CERT_FILE: "",
    });
    const [openssl = "", curl, python = "", node, last = ""] = ran.stdout.split("\n");
    // Those that named none have the system's as well.
    for (const line of [openssl, python]) expect(line).toMatch(/^\d{2,} 0 1$/);
    expect([curl, node]).toEqual(["2 1 1", "2 1 1"]);
    const [named, bundle = ""] = last.split(" ");
    expect(named).toBe(ca);
    // Gone with the command.
    expect(existsSync(bundle)).toBe(false);
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

  it("asks for nothing when there is no such command", async () => {
    const ran = await bed.run([...run, "no-such-command-here"]);
    expect([ran.code, ran.stderr]).toEqual([
      127,
      "mayfly: no-such-command-here cannot be run: there is no such command\n" +
        "hint: nothing was asked for: the command behind '--' must be on this machine\n",
    ]);
    expect(requestStates()).toEqual([]);
  });

  it("releases when the command cannot be started", async () => {
    const file = join(bed.state, "not-executable");
    writeFileSync(file, "");
    const ran = await bed.run([...run, file]);
    expect(ran.code).toBe(126);
    expect(ran.stderr).toContain(`mayfly: ${file} cannot be run: `);
    expect(states()).toEqual(["released"]);
  });

  it("asks for nothing when the client that connect opens is not on this machine", async () => {
    const node = join(bed.state, "bin");
    mkdirSync(node);
    const connect = ["connect", "orders-db/read-orders", "--reason", "TICKET-1"];
    const ran = await bed.run(connect, { PATH: node });
    expect([ran.code, ran.stderr]).toEqual([
      127,
      "mayfly: psql cannot be run: there is no such command\n" +
        "hint: mayfly connect opens psql on this connection: install it first\n",
    ]);
    expect(requestStates()).toEqual([]);
    writeFileSync(
      join(node, "psql"),
      `#!${process.execPath}\nconsole.log("opened", process.argv.slice(2).join(" "));\n`,
    );
    chmodSync(join(node, "psql"), 0o755);
    const opened = await bed.run([...connect, "--", "-c", "select 1"], { PATH: node });
    expect([opened.code, opened.stdout]).toEqual([0, "opened -c select 1\n"]);
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
    const ended = await interrupted.done;
    expect(ended).toMatchObject({ code: 130, stdout: "" });
    const [, withdrawn] = bed.all.grants.store.requests.keys();
    expect(ended.stderr).toContain(`mayfly: interrupted; request ${withdrawn} was withdrawn`);
    expect(requestStates()).toEqual(["approved", "withdrawn"]);
    expect(states()).toEqual(["released"]);
  });

  it("keeps the command's exit code and says so when the release fails", async () => {
    bed.all.grants.failReleases(Infinity);
    // It is tried until the grant has ended, which is soon.
    const ran = await bed.run([...run.slice(0, -1), "--ttl", "2s", "--", "sh", "-c", "exit 3"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(
      /the store is away\nhint: try again\nmayfly: grant (gr_\w+) could not be released; it ends by itself when its lease of 4s runs out, by \d{4}-\S+ \S+ UTC \(.*\) at the latest\nhint: to end it earlier, once the gateway answers: mayfly release \1\n/,
    );
    expect(ran.stderr).not.toContain("mayfly: released");
    const unleased = await bed.run([...run.slice(0, -1), "--ttl", "2s", "--no-lease", "--", "true"]);
    expect(unleased.code).toBe(0);
    expect(unleased.stderr).toMatch(
      /could not be released; it ends by itself at its deadline, \d{4}-\S+ \S+ UTC/,
    );
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
