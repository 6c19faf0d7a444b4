import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);
const PBKDF2_ITERATIONS = 4096;

/**
 * The SCRAM-SHA-256 verifier of a secret (RFC 5803, as PostgreSQL stores it; RFC 5802, section 3):
 * `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey`, each part in base 64.
 * @param secret base 32 text, which SASLprep leaves as it is
 */
export async function verifierOf(secret: string, salt: Buffer = randomBytes(16)): Promise<string> {
  const salted = await derive(secret, salt, PBKDF2_ITERATIONS, 32, "sha256");
  const hmac = (text: string): Buffer => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${PBKDF2_ITERATIONS}:${salt.toString("base64")}$${storedKey}:${hmac("Server Key").toString("base64")}`;
}
