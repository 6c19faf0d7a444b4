// tier: full
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { signIn } from "./sign-in.ts";

let server: Server | undefined;

afterEach(async () => {
  vi.restoreAllMocks();
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

const urlOf = (of: Server): string => `http://127.0.0.1:${(of.address() as AddressInfo).port}`;

/** An authorization server at which nobody ever confirms a code. @param seconds how long the code is good for */
async function unattended(seconds: number, refusal: string): Promise<string> {
  const listening = createServer((request, response) => {
    const issuer = urlOf(listening);
    const answers: Record<string, object> = {
      "/.well-known/openid-configuration": {
        issuer,
        token_endpoint: `${issuer}/token`,
        device_authorization_endpoint: `${issuer}/device`,
      },
      "/device": {
        device_code: "d",
        user_code: "ABCD-EFGH",
        verification_uri: `${issuer}/activate`,
        expires_in: seconds,
        interval: 1,
      },
      "/token": { error: refusal },
    };
    const body = answers[request.url ?? ""];
    response.writeHead(request.url === "/token" ? 400 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return urlOf(listening);
}

test.each([
  ["the server says so", 600, "expired_token"],
  ["its time is up here", 2, "authorization_pending"],
])("a code that nobody confirms ends with what to do: %s", async (_, seconds, refusal) => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const issuer = await unattended(seconds, refusal);
  await expect(
    signIn({ issuer, clientId: "mayfly-cli" }, "mayfly", { kind: "device" }, {}),
  ).rejects.toMatchObject({
    code: "login_failed",
    message: "nobody confirmed the code in time",
    hint: "log in again: it prints a new code",
  });
});

test("what else a server refuses keeps its words", async () => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const issuer = await unattended(600, "server_error");
  await expect(
    signIn({ issuer, clientId: "mayfly-cli" }, "mayfly", { kind: "device" }, {}),
  ).rejects.toMatchObject({ message: `${issuer} says that the sign-in did not succeed: server_error` });
});
