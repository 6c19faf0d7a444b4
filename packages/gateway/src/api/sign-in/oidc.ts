import * as z from "zod";
import { SignInRefused } from "../../identity/sign-in/problems.ts";
import { openEndpoint } from "../contract/endpoint.ts";
import { ApiProblem } from "../contract/problems.ts";
import { beginQuery, beginSignIn, finishSignIn } from "./flow.ts";
import { refusedSignIn } from "./records.ts";

const redirects = {
  303: { description: "To the provider, to where the browser wanted to go, or to /sign-in" },
};

/** Sends a browser to the OpenID provider. */
export const beginOidc = openEndpoint({
  id: "GET /sign-in/oidc",
  operationId: "beginOidc",
  summary: "Begins a sign-in through OpenID Connect",
  browser: true,
  query: beginQuery,
  answers: redirects,
  handle: (call) => beginSignIn("oidc", call),
});

/** Takes what the OpenID provider sent the browser back with. */
export const finishOidc = openEndpoint({
  id: "GET /sign-in/oidc/callback",
  operationId: "finishOidc",
  summary: "Finishes a sign-in through OpenID Connect",
  browser: true,
  // Not strict: providers add parameters of their own.
  query: z.looseObject({}),
  answers: redirects,
  handle: (call) => finishSignIn("oidc", call, call.query),
});

/** Ends browser sessions when the provider says so (OpenID Connect Back-Channel Logout 1.0, section 2.5). */
export const backChannelLogout = openEndpoint({
  id: "POST /sign-in/oidc/back-channel-logout",
  operationId: "backChannelLogout",
  summary: "Ends what the OpenID provider says ended",
  browser: true,
  form: true,
  body: z.looseObject({ logout_token: z.string().max(16_384) }),
  answers: { 200: { description: "Done" } },
  async handle(call) {
    // Not counted as sign-ins are: a provider that signs a whole company out comes from one address, and every token
    // that is turned away would leave somebody signed in. A forged one costs a signature's verification.
    try {
      await call.services.people.backChannelLogout(call.body.logout_token);
      return { status: 200 };
    } catch (thrown) {
      if (!(thrown instanceof SignInRefused)) throw thrown;
      call.recordRefusal(refusedSignIn("oidc", call.address, "back_channel_logout", thrown));
      if (thrown.problem === "provider_away") throw thrown;
      // Section 2.8: 400, whatever was wrong with it.
      throw new ApiProblem(
        "logout_token_refused",
        400,
        "the logout token was refused",
        "send one that is valid, once",
      );
    }
  },
});
