// tier: full
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mayflyBin, type TestBed, useTestBed } from "./testing/cli.ts";

let bed: TestBed;
useTestBed((made) => (bed = made));

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
    [
      ["request", "orders-db", "--reason", "x"],
      "'orders-db' is not an operation. Write CONNECTION/OPERATION",
    ],
    [["request", "a/b", "c/d", "--reason", "x"], "one request is for one connection"],
    [["request", "a/b"], "--reason is missing"],
    [["connect"], "an operation is missing"],
    [["run", "--reason", "x"], "an operation is missing"],
    [["wait"], "a request is missing"],
    [["wait", "req_x"], "'req_x' is not a request. Give req_"],
    [["audit", "replay", "ses_nothing"], "'ses_nothing' is not a session. Give ses_"],
    [["run", "a/b", "--reason", "x"], "no command is named"],
    [["frobnicate"], "unknown command"],
    [["operations", "--frob"], "unknown option"],
    [["audit", "tail", "-n", "0"], "Give 1 to 1000."],
    [["show", "gr_1"], "'gr_1' is not a request. Give req_"],
    [["request", "a/b", "--reason", "x", "--ttl", "soon"], "Give a duration"],
    [["audit", "search", "--from", "yesterday"], "Give how long ago"],
  ])("calls %j wrong usage", async (args, text) => {
    const ran = await bed.run(args);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/^mayfly: /);
    expect(ran.stderr).toContain(text);
    expect(ran.stderr).toContain("hint: ");
  });

  it("says as JSON what went wrong, where JSON was asked for", async () => {
    const usage = await bed.run(["--json", "show", "gr_1"]);
    expect([usage.code, usage.stdout]).toEqual([2, ""]);
    expect(JSON.parse(usage.stderr)).toEqual({
      error: {
        code: "usage",
        message: expect.stringContaining("'gr_1' is not a request"),
        hint: "mayfly show --help",
        exit_code: 2,
      },
    });
    const denied = await bed.run(["request", "orders-db/drop", "--reason", "x", "--json"]);
    expect(JSON.parse(denied.stderr)).toMatchObject({
      error: { code: "denied", status: 403, reasons: [expect.any(String)], exit_code: 3 },
    });
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
    expect((await bed.run(["pending"], reviewer)).stderr).toContain("No requests are awaiting approval.");
    const id = await ask("TICKET-9");
    const ran = await bed.run(["pending"], reviewer);
    expect(ran.stdout).toContain("high");
    expect(ran.stdout).not.toContain("may not decide");
    expect((await bed.run(["pending", "-o", "wide"], reviewer)).stdout).toContain("you may decide");
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
    expect(ran.stderr).toContain("mayfly: this takes the role reviewer, which support-bot does not have\n");
    expect(ran.stderr).toContain("hint: an agent never has a role: log in as a person who has it");
    expect(ran.stderr).not.toContain("/v1/");
    const person = await bed.run(["lockdown", "--reason", "leak"], reviewer);
    expect(person.stderr).toMatch(
      /^mayfly: this takes the role operator, which \S+ does not have\nhint: roles come from/,
    );
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
    expect(search.stderr).toBe("");
    const newest = async () => {
      const { stdout, stderr } = await bed.run(["audit", "search"], auditor);
      return [stdout.split("\n").length - 1, stderr];
    };
    for (let i = 3; i < 100; i++) bed.all.services.log.append({ type: "grant.expired", detail: {} });
    expect(await newest()).toEqual([100, ""]);
    bed.all.services.log.append({ type: "grant.expired", detail: {} });
    expect(await newest()).toEqual([
      100,
      "note: there are older records than these 100: see more with --limit, or narrow the search\n",
    ]);
    const follow = bed.start(["audit", "tail", "-f", "-n", "1"], auditor);
    await follow.says("#100");
    bed.all.services.log.append({ type: "grant.expired", detail: {} });
    await follow.says("#101");
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
    expect((await bed.run(["audit", "verify", folder, "--key", "x+00000000+AAAA"])).stderr).toBe(
      "mayfly: not a verifier key: only Ed25519 keys are understood\n",
    );
  });

  it("say of a folder of logs, such as that of workers, how each is verified", async () => {
    const folder = join(bed.state, "the audit");
    for (const worker of [10, 2, 1])
      mkdirSync(join(folder, `worker-${worker}`, "records"), { recursive: true });
    mkdirSync(join(folder, "holds"));
    const verify = async (...args: readonly string[]): Promise<{ code: number | null; stderr: string }> => {
      const { code, stderr } = await bed.run(["audit", "verify", folder, "--key", "absent.vkey", ...args]);
      return { code, stderr: stderr.replaceAll(folder, "FOLDER") };
    };
    const commands = [1, 2, 10].map(
      (worker) =>
        `  mayfly audit verify 'FOLDER/worker-${worker}' --key 'FOLDER/worker-${worker}/log.vkey'\n`,
    );
    const refused = "mayfly: FOLDER is no audit log: it holds those of worker-1, worker-2, worker-10\n";
    const byList = (file: string): string =>
      "all by a signed list of them (mayfly audit logs --save logs.note), with the key of the log that signed it:\n" +
      `  mayfly audit verify 'FOLDER/worker-1' 'FOLDER/worker-2' 'FOLDER/worker-10' --logs ${file} --key LOG.VKEY\n`;
    expect(await verify()).toEqual({
      code: 2,
      stderr: `${refused}hint: verify each log:\n${commands.join("")}or ${byList("logs.note")}`,
    });
    expect(await verify("--logs", "kept.note")).toEqual({
      code: 2,
      stderr: `${refused}hint: verify ${byList("kept.note")}`,
    });
    expect((await verify("--archive", "archive", "--as-archive")).stderr).toContain(
      "/worker-2/log.vkey' --archive archive/worker-2 --as-archive\n",
    );
  });

  it("name the file of verify that is not there, or cannot be read", async () => {
    const verify = (...args: readonly string[]): ReturnType<typeof bed.run> =>
      bed.run(["audit", "verify", bed.state, ...args]);
    const key = "--key=x+00000000+AAAA";
    expect(await verify("--key", "log.vkey")).toMatchObject({
      code: 2,
      stderr:
        "mayfly: log.vkey: no such file\nhint: give --key the log's log.vkey, or the key itself: NAME+ID+KEY\n",
    });
    expect(await verify("--key", bed.state)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${bed.state} cannot be read (EISDIR)`) as string,
    });
    expect(await verify(key, "--checkpoint", "absent.txt")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("mayfly: absent.txt: no such file\n") as string,
    });
    const list = join(bed.state, "logs.note");
    writeFileSync(list, "nobody's list\n");
    const refused = await verify(key, "--logs", list);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`mayfly: ${list}: `);
    expect(refused.stderr).toContain("hint: --logs takes what mayfly audit logs --save wrote");
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
    expect(later).toMatchObject({ code: 0, stderr: "No requests are awaiting approval.\n" });
    expect(await bed.run(["logout"])).toMatchObject({ code: 0, stderr: "Forgot the login 'default'.\n" });
    expect(await bed.run(["logout"])).toMatchObject({
      code: 0,
      stderr: "No login is saved as 'default'.\n",
    });
    expect(existsSync(path)).toBe(false);
  });

  it("says how to log in, and which logins there are", async () => {
    const ran = await bed.run(["operations"], nobody);
    expect(ran.code).toBe(5);
    expect(ran.stderr).toBe(
      "mayfly: you are not logged in\nhint: mayfly login --help says how; or set MAYFLY_TOKEN\n",
    );
    const named = await bed.run(["whoami", "--profile", "night"], nobody);
    expect([named.code, named.stderr]).toEqual([
      5,
      "mayfly: no login is saved as 'night'\nhint: mayfly login --profile night saves one\n",
    ]);
    expect((await bed.run(["login", "--profile", "day", "--token-stdin"], nobody, "token-agent")).code).toBe(
      0,
    );
    const other = await bed.run(["whoami", "--profile", "night"], { ...nobody, MAYFLY_URL: "" });
    expect(other.stderr).toContain("no login is saved as 'night'");
    expect(other.stderr).toContain("; logins saved here: day (--profile)");
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
    "review",
    "revoke",
    "lockdown",
  ])("mayfly %s --help has an example", async (name) => {
    const ran = await bed.run([name, "--help"]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain(`Example:\n  mayfly ${name}`);
    expect(ran.stdout).toContain("--profile");
  });

  it("completes values from the gateway and the logins, and is silent when there is none", async () => {
    const values = async (...args: string[]): Promise<string> => {
      const ran = await bed.run(["complete", ...args]);
      expect([ran.code, ran.stderr]).toEqual([0, ""]);
      return ran.stdout;
    };
    expect(await values("profiles")).toBe("");
    await bed.run(["login", "--token-stdin", "--profile", "night"], {}, "token-agent");
    expect(await values("profiles")).toBe("night\n");
    // The gateway may be slower to answer on a busy machine than a shell waits: then there is nothing, and no more.
    const operations = await values("operations", "--", "request", "--profile", "default");
    expect(operations).toMatch(/^(?:|orders-db\/read-orders\n[^]*)$/);
    expect(await values("operations", "--", "--url", "http://127.0.0.1:1")).toBe("");
    expect(await values("nothing-of-the-kind")).toBe("");
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
    expect(complete("mayfly req")).toBe("request requests");
    expect(complete("mayfly audit v")).toBe("verify");
    expect(complete("mayfly run --rea")).toBe("--reason");
    expect(complete("mayfly compl")).toBe("completion");
    expect((await bed.run(["completion", "fish"])).stdout).toContain("complete -c mayfly");
    expect((await bed.run(["completion", "zsh"])).stdout).toContain("bashcompinit");
    expect((await bed.run(["completion", "tcsh"])).code).toBe(2);
  });
});
