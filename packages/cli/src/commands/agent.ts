import { generateKeyPair } from "node:crypto";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { MayflyError } from "@mayfly/sdk";
import { Command, Option } from "commander";
import { calculateJwkThumbprint, type JWK } from "jose";
import { UsageError } from "../exit.ts";
import { note, outJson } from "../print.ts";

const generate = promisify(generateKeyPair);

/** RFC 7518, section 3.3: at least 2048. */
const RSA_BITS = 2048;

interface KeygenOptions {
  readonly out: string;
  readonly alg: "RS256" | "ES256";
}

/** `mayfly agent`. */
export function agentCommand(): Command {
  const agent = new Command("agent").description("What an agent's operator needs once");
  agent
    .command("keygen")
    .description("Make a key pair: the private key into a file, the public one to be pasted into Okta")
    .option("--out <file>", "where the private key goes (PEM, 0600); never over another file", "agent.pem")
    .addOption(new Option("--alg <alg>", "the key's algorithm").choices(["RS256", "ES256"]).default("RS256"))
    .addHelpText("after", "\nExample:\n  mayfly agent keygen --out agent.pem > agent.public.jwk")
    .action(keygen);
  return agent;
}

async function keygen({ out: file, alg }: KeygenOptions): Promise<void> {
  const { publicKey, privateKey } =
    alg === "RS256"
      ? await generate("rsa", { modulusLength: RSA_BITS })
      : await generate("ec", { namedCurve: "P-256" });
  const jwk = publicKey.export({ format: "jwk" }) as JWK;
  const kid = await calculateJwkThumbprint(jwk);
  // A PEM has no place for the key's id: the line before it is ours, and others skip it (RFC 7468, section 2).
  writeNew(file, `kid: ${kid}\n${privateKey.export({ type: "pkcs8", format: "pem" }).toString()}`);
  outJson({ ...jwk, kid, use: "sig", alg });
  note(
    `The private key is in ${file}, readable by you alone. Paste the public key (standard output) in Okta:`,
  );
  note(
    "  a registered AI agent: Directory > AI agents > the agent > Client registration > Public key / Private key > Add key",
  );
  note(
    "  a service app: Applications > the app > General > Client Credentials > Public key / Private key > Add key",
  );
  note(`Then log in with it: mayfly login --agent wlp… (or --client-id 0oa…) --key ${file}`);
}

/** Writes a file that was not there, readable by its owner alone from the first byte on. */
function writeNew(file: string, text: string): void {
  let opened: number;
  try {
    opened = openSync(file, "wx", 0o600);
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
    if (code === "EEXIST") throw new UsageError(`${file} is there already`, "name another file: --out FILE");
    throw new MayflyError("not_written", `${file} cannot be written (${code})`, { hint: "check --out" });
  }
  try {
    writeFileSync(opened, text);
  } finally {
    closeSync(opened);
  }
}
