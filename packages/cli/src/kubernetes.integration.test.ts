// tier: full
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { kubeconfigOf } from "@mayfly/testing/fake-api.ts";
import { completeKubeconfig } from "./kubeconfig.ts";
import { testBed, type TestBed } from "./testing/cli.ts";

let bed: TestBed;
const gateway = "https://mayfly.internal:8443";

beforeAll(async () => {
  bed = await testBed({
    access: (grant, secret) => ({
      protocol: "kubernetes",
      kubeconfig: kubeconfigOf({
        gateway,
        connection: grant.connection,
        ...(secret === undefined ? {} : { bearer: `${grant.id}.${secret}` }),
      }),
      env: {},
      ...(secret === undefined ? {} : { secret: `${grant.id}.${secret}` }),
    }),
  });
});
afterAll(() => bed.close());

it("gives a command a kubeconfig of its own that nobody else can read, and removes it", async () => {
  const line = 'echo "$KUBECONFIG"; stat -c %a "$KUBECONFIG"; cat "$KUBECONFIG"';
  const ran = await bed.run(
    ["run", "orders-db/read-orders", "--reason", "TICKET-1", "--", "sh", "-c", line],
    { KUBECONFIG: "/elsewhere" },
  );
  expect(ran.code).toBe(0);
  const [file = "", mode, ...text] = ran.stdout.split("\n");
  expect(mode).toBe("600");
  expect(text.join("\n")).toMatch(/token: "gr_[0-9a-z]{16}\.[0-9a-z]+"/);
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
  expect(ran.stderr).not.toMatch(/gr_[0-9a-z]{16}\.[0-9a-z]/);
  // With the logins, which sandboxes of other runs do not show.
  expect(file).toMatch(/\/mayfly\/mayfly-kube-\w+\/config$/);
  expect(file.startsWith(bed.state)).toBe(true);
});

it("gives it one among temporary files where no login can be kept", async () => {
  const temporary = join(bed.state, "temporary");
  mkdirSync(temporary);
  const ran = await bed.run(
    ["run", "orders-db/read-orders", "--reason", "TICKET-1", "--", "sh", "-c", 'echo "$KUBECONFIG"'],
    { XDG_STATE_HOME: "/sys", TMPDIR: temporary },
  );
  expect([ran.code, ran.stdout.startsWith(`${temporary}/mayfly-kube-`)]).toEqual([0, true]);
});

it("removes it when the command cannot be run", async () => {
  const ran = await bed.run([
    "run",
    "orders-db/read-orders",
    "--reason",
    "TICKET-1",
    "--",
    "no-such-command",
  ]);
  expect(ran.code).toBe(127);
});

it("prints a kubeconfig that asks for a token, with the CA that this side knows", async () => {
  const ca = join(bed.state, "ca.pem");
  writeFileSync(ca, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
  await bed.run(["request", "orders-db/read-orders", "--reason", "TICKET-1"]);
  const ran = await bed.run(["--profile", "night", "kubeconfig", "orders-db"], { MAYFLY_CA: ca });
  expect(ran.code).toBe(0);
  // Another default login, or another MAYFLY_PROFILE when kubectl runs, changes nothing.
  expect(ran.stdout).toMatch(/^ +args: \[credential, --profile, "night", --url, /m);
  expect(ran.stdout).toContain("command: mayfly");
  expect(ran.stdout).toContain(`certificate-authority: ${JSON.stringify(ca)}`);
  expect(ran.stdout).not.toContain("token:");
});

it("says that there is no grant", async () => {
  const ran = await bed.run(["kubeconfig", "billing"]);
  expect(ran.code).not.toBe(0);
  expect(ran.stderr).toContain("no active grant");
});

it("passes over a grant that is for a command in a sandbox, which takes no token", async () => {
  const { grants } = bed.all.grants.store;
  for (const [id, grant] of grants) grants.set(id, { ...grant, sandbox: true });
  const refused = (await bed.run(["kubeconfig", "orders-db"])).stderr;
  expect(refused).toMatch(
    /no active grant on a cluster named orders-db: gr_[0-9a-z]{16} is for a command in a sandbox alone\n/,
  );
  await bed.run(["request", "orders-db/read-orders", "--reason", "TICKET-1"]);
  expect((await bed.run(["kubeconfig", "orders-db"])).code).toBe(0);
});

it("is kubectl's credential plugin", async () => {
  const ran = await bed.run(["credential"]);
  expect(JSON.parse(ran.stdout)).toEqual({
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token: "token-agent" },
  });
});

it("leaves a CA alone that the gateway named", () => {
  const named = kubeconfigOf({ gateway, connection: "c", ca: "PEM" });
  expect(completeKubeconfig(named, "/ca.pem")).toBe(named);
});
