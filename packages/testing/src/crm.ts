import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { root } from "./gateway.ts";

/** What the CRM wants to see, and only the gateway has. */
export const crmEnvironment = { CRM_KEY: "only-the-gateway-has-it" } as const;

/** Adds the CRM, an MCP server that the gateway starts, to a configuration: one of its two tools, pinned or not yet. */
export function withCrm(text: string, pins: Readonly<Record<string, string>> = {}): string {
  const command = JSON.stringify([process.execPath, path.join(root, "packages/testing/src/crm-server.ts")]);
  return text
    .replace(
      "connections:\n",
      `connections:
  crm:
    mcp:
      command: ${command}
      env: { CRM_KEY: { env: CRM_KEY } }
      pins: ${JSON.stringify(pins)}
    operations:
      look-up-customer:
        description: Look one customer up
        tools:
          get_customer:
            type: object
            properties: { id: { type: integer, minimum: 1 } }
            required: [id]
            additionalProperties: false
`,
    )
    .replace(
      "policies:\n",
      `policies:
  - name: support agents look customers up
    groups: [support-agents]
    connection: crm
    operations: [look-up-customer]
    ttl: { default: 5m, max: 15m }
`,
    );
}

/** What `mayflyd pin` says of a connection. */
export interface Pinned {
  readonly code: number | null;
  readonly pins: Readonly<Record<string, string>>;
  /** What an operator reads before they accept. */
  readonly shown: string;
}

/** Runs `mayflyd pin`. */
export function pinsOf(
  file: string,
  connection: string,
  environment: Readonly<Record<string, string>>,
): Pinned {
  const bin = path.join(root, "packages/gateway/bin/mayflyd.js");
  const ran = spawnSync(process.execPath, [bin, "pin", "-c", file, connection], {
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  const pins = Object.fromEntries(
    [...ran.stdout.matchAll(/^ {2}(\S+): (sha256:[0-9a-f]{64})$/gm)].map(([, name = "", pin = ""]) => [
      name,
      pin,
    ]),
  );
  return { code: ran.status, pins, shown: ran.stderr };
}

/** Accepts what the CRM's tools say now, as an operator does: into the configuration file. */
export async function acceptCrm(
  file: string,
  environment: Readonly<Record<string, string>>,
): Promise<Pinned> {
  const pinned = pinsOf(file, "crm", environment);
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(/^( +pins:) \{.*\}$/m, `$1 ${JSON.stringify(pinned.pins)}`));
  return pinned;
}
