import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeEmptyLog } from "@mayfly/testing/audit-log.ts";
import { rotateLogKey } from "./rotate-log-key.ts";

test("where there is no log, no key is changed and no log is made, and no secret is asked for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-rotate-"));
  const config = join(folder, "mayfly.yaml");
  writeFileSync(
    config,
    "url: https://gw.example/\nidentity: { agents: { issuer: https://okta.example/oauth2/a, audience: api }, people: { oidc: { issuer: https://okta.example, client_id: 0oa9, client_secret: { env: ABSENT } } } }\n",
  );
  await expect(rotateLogKey({ config })).rejects.toMatchObject({
    code: "no_log",
    message: `${join(folder, "data/audit")} holds no audit log`,
  });
  expect(existsSync(join(folder, "data"))).toBe(false);
  const ofWorker = (await rotateLogKey({ config, worker: 1 }).catch((thrown: Error) => thrown)) as Error;
  const [at = ""] = ofWorker.message.split(" holds no audit log");
  expect(at).not.toBe(join(folder, "data/audit"));
  mkdirSync(at, { recursive: true });
  await makeEmptyLog(at);
  await expect(rotateLogKey({ config })).rejects.toMatchObject({
    code: "no_log",
    hint: expect.stringContaining("--worker 1"),
  });
  rmSync(folder, { recursive: true });
});
