import { consoleSession } from "@mayfly/testing/console.ts";
import { expectCode, Unexpected, type Shell } from "./shell.ts";
import type { World } from "./world.ts";

/**
 * Signs a person in: the CLI's device flow, and the browser's part played by the demo.
 * @param options of `mayfly login`; left out: people's own client
 */
export async function signIn(
  world: World,
  shell: Shell,
  profile: string,
  login: string,
  options = "",
): Promise<void> {
  let done = false;
  const outcome = await shell.run(`mayfly login --profile ${profile}${options}`, {
    watch(text) {
      const url = /http:\/\/127\.0\.0\.1:\d+\S*user_code=\S+/.exec(text)?.[0];
      if (url === undefined || done) return;
      done = true;
      void world.okta.signIn(url, login);
    },
  });
  expectCode(outcome, `sign-in of ${login}`, 0);
}

/** Rosa's part in the console: the calls that its pages make, with the cookie of a browser that signed in. */
export async function approveInConsole(world: World, id: string): Promise<void> {
  const rosa = await consoleSession(world.gateway, world.okta, "rosa@example.com");
  console.log(`  Rosa signs in at ${world.gateway.url} and opens the inbox:`);
  const { waiting } = (await rosa.call("GET", "/v1/inbox")).body as {
    waiting: {
      id: string;
      requester: { name: string };
      operations: string[];
      risk: string;
      reason: string;
    }[];
  };
  for (const one of waiting)
    console.log(
      `    ${one.requester.name} asks for ${one.operations.join(", ")} (${one.risk} risk): ${one.reason}`,
    );
  if (!waiting.some((one) => one.id === id)) throw new Unexpected(`${id} is not in Rosa's inbox`);
  const request = (await rosa.call("GET", `/v1/requests/${id}`)).body as {
    digest: string;
    operations: { name: string; scope: string[] }[];
  };
  for (const { name, scope } of request.operations) console.log(`    ${name}: ${scope.join("; ")}`);
  const answer = await rosa.call("POST", `/v1/requests/${id}/approve`, {
    digest: request.digest,
    comment: "checked with the carrier",
  });
  if (answer.status !== 200)
    throw new Unexpected(`the approval: ${answer.status} ${JSON.stringify(answer.body)}`);
  console.log(`    approved, bound to ${request.digest.slice(0, 19)}…`);
}
