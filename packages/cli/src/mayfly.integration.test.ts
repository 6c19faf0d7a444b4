import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { mayflyBin, testBed, type TestBed } from "./testing/cli.ts";

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
const operator = { MAYFLY_TOKEN: "token-operator" };
const requestStates = (): string[] => [...bed.all.grants.store.requests.values()].map(({ state }) => state);

describe("request and grants", () => {
  it("prints the ways in, and releases", async () => {
    const ran = await bed.run(["request", "orders-db/read-orders", "--reason", "TICKET-1", "--ttl", "2m"]);
    expect(ran.code).toBe(0);
    const [grant] = bed.all.grants.store.grants.values();
    expect(ran.stdout).toContain(`grant ${grant!.id}: orders-db/read-orders for 2m, until `);
    expect(ran.stdout).toMatch(/export PGPASSWORD=[0-9a-z]{32}\n/);
    const listed = await bed.run(["grants", "--active"]);
    expect(listed.stdout).toMatch(/^GRANT +STATE +WHO +OPERATIONS +ENDS/);
    expect((await bed.run(["release", grant!.id])).stderr).toContain("is released");
    expect((await bed.run(["grants", "--active"])).stderr).toBe("There are no grants.\n");
  });

  it("breaks glass where asked to, and says so", async () => {
    const args = ["request", "orders-db/read-orders", "--reason", "INC-9: the shop is down", "--break-glass"];
    const ran = await bed.run(args);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain("you broke glass");
    expect([...bed.all.grants.store.requests.values()][0]?.breakGlass).toBe(true);
  });

  it("ends with 4 while a person must approve, and with 3 when refused", async () => {
    const pending = await bed.run(["request", "orders-db/refund-order", "--reason", "TICKET-1", "--json"]);
    expect(pending.code).toBe(4);
    expect(JSON.parse(pending.stdout)).toMatchObject({ state: "pending" });
    const waiting = bed.start(["request", "orders-db/refund-order", "--reason", "TICKET-2", "--wait"]);
    await waiting.says("waits for support-leads");
    const id = [...bed.all.grants.store.requests.keys()].at(-1)!;
    expect((await bed.run(["refuse", id, "--yes", "--comment", "no ticket"], reviewer)).code).toBe(0);
    const refused = await waiting.done;
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("no ticket");
  });

  it("ends with 4 when nobody decides", async () => {
    const waiting = bed.start(["request", "orders-db/refund-order", "--reason", "TICKET-2", "--wait"]);
    await waiting.says("waits for support-leads");
    bed.all.grants.timeOut([...bed.all.grants.store.requests.keys()].at(-1)!);
    expect((await waiting.done).code).toBe(4);
  });

  it.each([
    [["request", "orders-db", "--reason", "x"], "is not CONNECTION/OPERATION"],
    [["request", "a/b", "c/d", "--reason", "x"], "one request is for one connection"],
    [["request", "a/b"], "--reason"],
    [["run", "a/b", "--reason", "x"], "no command is named"],
    [["frobnicate"], "unknown command"],
    [["operations", "--frob"], "unknown option"],
    [["audit", "tail", "-n", "0"], "is not a count"],
  ])("calls %j wrong usage", async (args, text) => {
    const ran = await bed.run(args);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/^mayfly: /);
    expect(ran.stderr).toContain(text);
    expect(ran.stderr).toContain("hint: ");
  });

  it("lists operations as a table, as JSON, and with their scope", async () => {
    const listed = await bed.run(["operations"]);
    expect(listed.stdout.split("\n")[0]).toBe(
      "OPERATION               RISK  TTL            APPROVAL       DESCRIPTION",
    );
    expect(JSON.parse((await bed.run(["operations", "--json"])).stdout)).toHaveLength(2);
    expect((await bed.run(["operations", "--scope"])).stdout).toContain("  - statements: select");
  });
});

describe("reviewing", () => {
  async function ask(reason: string): Promise<string> {
    await bed.run(["request", "orders-db/refund-order", "--reason", reason]);
    return [...bed.all.grants.store.requests.keys()].at(-1)!;
  }

  it("shows all that is to be approved, and sends the digest of what was shown", async () => {
    const id = await ask("TICKET-9: wrong parcel");
    expect((await bed.run(["pending"], reviewer)).stdout).toContain("TICKET-9: wrong parcel");
    const ran = await bed.run(["approve", id, "--yes"], reviewer);
    expect(ran.code).toBe(0);
    for (const text of [
      "support-bot",
      "owner@example.test",
      "TICKET-9",
      "risk high",
      "statements: update",
      "5m, from its approval",
      "a refund needs a person",
    ]) {
      expect(ran.stdout).toContain(text);
    }
    const request = bed.all.grants.store.requests.get(id)!;
    expect(ran.stdout).toContain(request.digest);
    expect(request.approvals[0]?.digest).toBe(request.digest);
    expect(ran.stdout).not.toContain("\u001b");
  });

  it("shows the whole sheet without deciding, and whether one may", async () => {
    const id = await ask("TICKET-9: wrong parcel");
    const ran = await bed.run(["show", id], reviewer);
    expect(ran.code).toBe(0);
    for (const text of [
      "waits for you",
      "risk high",
      "RISK",
      "last grants",
      "none: this is the first",
      "| TICKET-9",
    ])
      expect(ran.stdout.toLowerCase()).toContain(text.toLowerCase());
    expect(ran.stderr).toContain(`hint: mayfly approve ${id}`);
    expect((await bed.run(["show", id])).stdout).toContain("not for you: you do not have the role reviewer");
    expect(requestStates()).toEqual(["pending"]);
  });

  it("lists the inbox, and leads to the first that one may decide", async () => {
    expect((await bed.run(["pending"], reviewer)).stderr).toContain("Nothing waits");
    const id = await ask("TICKET-9");
    const ran = await bed.run(["pending"], reviewer);
    expect(ran.stdout).toContain("high");
    expect(ran.stdout).toContain("may decide");
    expect(ran.stderr).toContain(`hint: mayfly show ${id}`);
    const json = JSON.parse((await bed.run(["pending", "--json"], reviewer)).stdout);
    expect(json.waiting[0]).toMatchObject({ id, needed: 1, given: 0 });
  });

  it("allows a part: shorter, and only what is named", async () => {
    const id = await ask("TICKET-9");
    const only = ["--only", "orders-db/refund-order", "--only", "orders-db/x"];
    const ran = await bed.run(["approve", id, "--yes", "--ttl", "3m", ...only], reviewer);
    expect(ran.stderr).toContain("You allow only orders-db/refund-order, orders-db/x, no longer than 3m.");
    expect(bed.all.grants.allowed).toEqual([
      { operations: ["orders-db/refund-order", "orders-db/x"], ttl: 180_000 },
    ]);
  });

  it("says how to prove oneself again where the policy asks for it", async () => {
    const id = await ask("TICKET-9");
    bed.all.grants.askToSignInAgain(600_000);
    const ran = await bed.run(["approve", id, "--yes"], reviewer);
    expect(ran.code).toBe(5);
    expect(ran.stderr).toContain("nothing was decided: ");
    expect(ran.stderr).toContain(
      "hint: log in again, then repeat this (it counts for 10m): mayfly login --fresh",
    );
    expect(requestStates()).toEqual(["pending"]);
  });

  it("decides nothing without a terminal or --yes", async () => {
    const id = await ask("TICKET-9");
    const ran = await bed.run(["approve", id], reviewer, "y\n");
    expect(ran.code).toBe(2);
    expect(requestStates()).toEqual(["pending"]);
  });

  it.each([
    ["y", 0, "approved"],
    ["n", 1, "pending"],
    ["", 1, "pending"],
  ])("asks on a terminal, and takes '%s' for an answer", async (answer, code, state) => {
    const id = await ask("TICKET-9");
    // `script` (bsdutils, in every Debian) gives the command a terminal.
    const { spawn } = await import("node:child_process");
    const terminal = spawn(
      "script",
      ["-qec", `${process.execPath} ${mayflyBin} approve ${id}`, "/dev/null"],
      {
        env: { ...process.env, ...bed.environment, ...reviewer, NO_COLOR: "1" },
      },
    );
    let shown = "";
    const ended = new Promise((resolve) => terminal.on("close", resolve));
    terminal.stdout.on("data", (chunk: Buffer) => {
      const before = shown.includes("[y/N]");
      shown += chunk.toString();
      if (!before && shown.includes("[y/N]")) terminal.stdin.write(`${answer}\n`);
    });
    expect(await ended).toBe(code);
    expect(requestStates()).toEqual([state]);
    expect(shown).toContain("TICKET-9");
  });

  it("does not let an agent paint over the screen", async () => {
    const id = await ask("TICKET-9");
    const request = bed.all.grants.store.requests.get(id)!;
    const reason = "fine\u001b[2K\rrisk low\n  - statements: select\u202e";
    bed.all.grants.store.requests.set(id, { ...request, reason });
    const ran = await bed.run(["approve", id, "--yes"], reviewer);
    expect(ran.stdout).toContain(String.raw`  | fine\u001b[2K\u000drisk low`);
    expect(ran.stdout).toContain(String.raw`  |   - statements: select\u202e`);
  });

  it("is for reviewers", async () => {
    const id = await ask("TICKET-9");
    const ran = await bed.run(["approve", id, "--yes"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("is for reviewer");
  });
});

describe("operators and auditors", () => {
  it("revoke and lock down", async () => {
    await bed.run(["request", "orders-db/read-orders", "--reason", "x"]);
    const [id] = bed.all.grants.store.grants.keys();
    expect((await bed.run(["revoke", id!, "--reason", "bad"], operator)).stderr).toContain("is revoked");
    expect((await bed.run(["lockdown", "--reason", "leak"], operator)).stderr).toMatch(
      /locked down since .* by olaf@example.test: leak/,
    );
    const refused = await bed.run(["request", "orders-db/read-orders", "--reason", "x"]);
    expect([refused.code, refused.stderr]).toEqual([
      3,
      "mayfly: Mayfly is locked down: leak\nhint: ask an operator\n",
    ]);
    expect((await bed.run(["lockdown", "--lift"], operator)).stderr).toBe("Mayfly is not locked down.\n");
  });

  it("read the audit log", async () => {
    const principal = { kind: "agent", issuer: "i", subject: "s", name: "support-bot" } as const;
    for (let i = 0; i < 3; i++)
      bed.all.services.log.append({ type: "act.denied", principal, connection: "orders-db", detail: { i } });
    const auditor = { MAYFLY_TOKEN: "token-auditor" };
    const tail = await bed.run(["audit", "tail", "-n", "2"], auditor);
    expect(tail.stdout.split("\n").map((line) => line.slice(0, 2))).toEqual(["#1", "#2", ""]);
    const search = await bed.run(["audit", "search", "--type", "act.denied", "-n", "1", "--json"], auditor);
    expect(JSON.parse(search.stdout)).toMatchObject({ seq: 2, type: "act.denied" });
    const follow = bed.start(["audit", "tail", "-f", "-n", "1"], auditor);
    await follow.says("#2");
    bed.all.services.log.append({ type: "grant.expired", detail: {} });
    await follow.says("#3");
    follow.kill("SIGTERM");
    await follow.done;
  });

  it("verify a log offline", async () => {
    const folder = join(bed.state, "log");
    const nothing = await bed.run(["audit", "verify", folder, "--key", "x+00000000+AAAA"], {
      MAYFLY_URL: "http://127.0.0.1:1",
    });
    expect(nothing.code).toBe(1);
    mkdirSync(join(folder, "records"), { recursive: true });
    expect((await bed.run(["audit", "verify", folder, "--key", "nonsense"])).code).toBe(1);
  });
});

describe("login", () => {
  const nobody = { MAYFLY_TOKEN: "" };

  it("takes a token from standard input, and keeps it where its owner alone can read it", async () => {
    const ran = await bed.run(["login", "--token-stdin"], nobody, "token-reviewer\n");
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain("as rita@example.test");
    const path = ran.stdout.trim();
    expect(path).toBe(join(bed.state, "mayfly", "default.json"));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(bed.state, "mayfly")).mode & 0o777).toBe(0o700);
    const later = await bed.run(["pending"], { ...nobody, MAYFLY_URL: "" });
    expect(later).toMatchObject({ code: 0, stderr: "Nothing waits for approval.\n" });
    expect((await bed.run(["logout"])).code).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it("says how to log in when nobody is", async () => {
    const ran = await bed.run(["operations"], nobody);
    expect(ran.code).toBe(5);
    expect(ran.stderr).toBe(
      "mayfly: nobody is logged in\nhint: mayfly login --help says how to log in; or set MAYFLY_TOKEN\n",
    );
    expect((await bed.run(["operations"], { MAYFLY_TOKEN: "token-stolen" })).code).toBe(5);
  });

  it("uses no saved token that others can read, and sends it to no other gateway", async () => {
    const { stdout } = await bed.run(["login", "--token-stdin"], nobody, "token-agent");
    const elsewhere = await bed.run(["operations", "--url", "http://127.0.0.1:1"], nobody);
    expect([elsewhere.code, elsewhere.stderr.includes("not for http://127.0.0.1:1")]).toEqual([5, true]);
    const path = stdout.trim();
    writeFileSync(path, readFileSync(path));
    const { chmodSync } = await import("node:fs");
    chmodSync(path, 0o644);
    expect((await bed.run(["operations"], nobody)).stderr).toContain("can be read by others");
  });

  it("keeps no token that the gateway does not accept", async () => {
    expect((await bed.run(["login", "--token-stdin"], nobody, "token-stolen")).code).toBe(5);
    expect(existsSync(join(bed.state, "mayfly", "default.json"))).toBe(false);
  });
});

describe("help and completion", () => {
  it.each([
    "login",
    "operations",
    "request",
    "run",
    "grants",
    "release",
    "pending",
    "show",
    "approve",
    "refuse",
    "revoke",
    "lockdown",
  ])("mayfly %s --help has an example", async (name) => {
    const ran = await bed.run([name, "--help"]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain(`Example:\n  mayfly ${name}`);
    expect(ran.stdout).toContain("--profile");
  });

  it("completes commands and flags in bash", async () => {
    const script = (await bed.run(["completion", "bash"])).stdout;
    const { execFileSync } = await import("node:child_process");
    const complete = (line: string): string =>
      execFileSync(
        "bash",
        [
          "-c",
          `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _mayfly; echo "\${COMPREPLY[@]}"`,
        ],
        { encoding: "utf8" },
      ).trim();
    expect(complete("mayfly re")).toBe("request release refuse revoke");
    expect(complete("mayfly audit v")).toBe("verify");
    expect(complete("mayfly run --rea")).toBe("--reason");
    expect((await bed.run(["completion", "fish"])).stdout).toContain("complete -c mayfly");
    expect((await bed.run(["completion", "zsh"])).stdout).toContain("bashcompinit");
    expect((await bed.run(["completion", "tcsh"])).code).toBe(2);
  });
});
