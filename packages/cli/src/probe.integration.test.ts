// tier: full
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MayflyError } from "@mayfly/sdk";
import { fakesServices } from "@mayfly/testing/fake-api.ts";
import { type TestBed, testBed, useTestBed } from "./testing/cli.ts";

let bed: TestBed;
useTestBed((made) => (bed = made));

const operator = { MAYFLY_TOKEN: "token-operator" };

describe("probe-token", () => {
  it("prints the token alone, for a pipe, and what it is for beside it", async () => {
    const made = await bed.run(["probe-token", "orders-db"], operator);
    expect([made.code, made.stdout]).toEqual([0, "pr_0000000000000000.token\n"]);
    expect(made.stderr).toMatch(
      /^pr_0000000000000000: good for one probe of orders-db, until .* \(in 15m\)\n$/,
    );
    const refused = await bed.run(["probe-token"]);
    expect([refused.code, refused.stdout]).toEqual([3, ""]);
    expect(refused.stderr).toContain("role operator");
  });
});

describe("probe", () => {
  it("takes its token from a file, from standard input or from a variable, and says what is missing", async () => {
    const file = join(bed.state, "token");
    writeFileSync(file, "pr_0000000000000000.token\n");
    const runs = [
      await bed.run(["probe", "--timeout", "1s", "--token-file", file]),
      await bed.run(["probe", "--timeout", "1s", "--token-file", "-"], {}, "pr_0000000000000000.token"),
      await bed.run(["probe", "--timeout", "1s"], { MAYFLY_PROBE_TOKEN: "pr_0000000000000000.token" }),
    ];
    for (const ran of runs) {
      expect(ran.code).toBe(4);
      expect(ran.stdout).toMatch(
        /undecided: nobody can tell whether there is a way around the gateway \(pr_0000000000000000\)\n$/,
      );
    }
    writeFileSync(file, "a token of something else");
    const other = await bed.run(["probe", "--token-file", file]);
    expect([other.code, other.stderr.split("\n")[0]]).toEqual([
      2,
      `mayfly: what ${file} holds is no probe token, nor the whole of one`,
    ]);
    const folder = await bed.run(["probe", "--token-file", bed.state]);
    expect(folder.stderr).toContain("it is a folder");
    writeFileSync(file, "");
    for (const args of [
      ["probe"],
      ["probe", "--token-file", file],
      ["probe", "--token-file", join(file, "none")],
    ]) {
      const ran = await bed.run(args);
      expect([ran.code, ran.stdout]).toEqual([2, ""]);
      expect(ran.stderr).toMatch(/^mayfly: .*token.*\nhint: /);
    }
    const late = await bed.run(["probe", "--timeout", "999ms"]);
    expect([late.code, late.stderr.includes("--timeout")]).toEqual([2, true]);
  });

  it("names a credential that lies here, and never its value", async () => {
    writeFileSync(join(bed.state, ".pgpass"), "db.invalid:5432:shop:support:a-standing-password\n", {
      mode: 0o600,
    });
    const ran = await bed.run(["probe", "--timeout", "1s", "--json"], {
      MAYFLY_PROBE_TOKEN: "pr_0000000000000000.token",
      DEPLOY_TOKEN: "a-standing-token",
    });
    const places = (JSON.parse(ran.stdout) as { credentials: { place: string }[] }).credentials.map(
      ({ place }) => place,
    );
    expect(places).toEqual(
      expect.arrayContaining([`${join(bed.state, ".pgpass")}:1`, "environment variable DEPLOY_TOKEN"]),
    );
    expect(ran.stdout + ran.stderr).not.toContain("a-standing-");
  });
});

describe("a report", () => {
  it("is handed over to a gateway that comes back, and what was found is printed before", async () => {
    let tries = 0;
    const { probes } = fakesServices();
    const away = await testBed({
      probes: {
        ...probes,
        async report(...given) {
          tries += 1;
          if (tries === 1) throw new MayflyError("log_unavailable", "the disk is full", { status: 503 });
          return probes.report(...given);
        },
      },
    });
    try {
      const ran = await away.run(["probe", "--timeout", "1s"], {
        MAYFLY_PROBE_TOKEN: "pr_0000000000000000.token",
      });
      expect([ran.code, tries]).toEqual([4, 2]);
    } finally {
      await away.close();
    }
  });
});

describe("probes", () => {
  it("says how to begin where no host was probed, and lists nothing to an agent", async () => {
    const none = await bed.run(["probes"], operator);
    expect([none.code, none.stdout, none.stderr]).toEqual([
      0,
      "",
      "No host was probed yet: an operator begins one with mayfly probe-token.\n",
    ]);
    expect((await bed.run(["probes"])).code).toBe(3);
  });
});
