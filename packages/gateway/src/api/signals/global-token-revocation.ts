import * as z from "zod";
import { SignalRefused, type SignalRefusal } from "../../identity/signals/signal-refused.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { openEndpoint } from "../contract/endpoint.ts";
import { ApiProblem } from "../contract/problems.ts";
import { headerOf, notConfigured, takeMessage } from "./refused.ts";

/** As Okta's page of Universal Logout has them; only they are looked at there, and never the body. */
const statuses: Readonly<Record<SignalRefusal, number>> = {
  malformed: 400,
  unauthenticated: 401,
  type: 401,
  issuer: 401,
  audience: 401,
  key: 401,
  time: 401,
  replayed: 401,
  sender: 403,
  subject: 403,
  keys_unavailable: 503,
};

/** Takes Okta's Universal Logout. Its JWT is what lets it in: see identity/signals/global-token-revocation/. */
export const globalTokenRevocation = openEndpoint({
  id: "POST /v1/signals/global-token-revocation",
  operationId: "globalTokenRevocation",
  summary: "Ends what the identity provider says ended for somebody (Universal Logout)",
  browser: true,
  bytes: true,
  body: z.instanceof(Buffer).optional(),
  bodyLimit: 16_384,
  answers: { 204: { description: "What the subject had has ended" } },
  async handle(call) {
    const revocations = call.services.signals?.revocations;
    if (revocations === undefined) throw notConfigured("global_token_revocation");
    const token = /^bearer +(\S+)$/i.exec(headerOf(call, "authorization") ?? "")?.[1];
    try {
      await takeMessage("global_token_revocation", call, () => revocations.receive(token, call.body));
    } catch (thrown) {
      if (thrown instanceof SignalRefused) throw refused(thrown);
      if (thrown instanceof MayflyError && thrown.status < 500 && thrown.status !== 429) throw unable(thrown);
      throw thrown;
    }
    return { status: 204 };
  },
});

function refused({ code, why, message, hint }: SignalRefused): ApiProblem {
  const status = statuses[why];
  return new ApiProblem(code, status, message, hint ?? "docs/signals.md says what is taken", {
    headers: status === 401 ? { "www-authenticate": "Bearer" } : {},
  });
}

/** It was understood, and could not be carried out: 422 in Okta's words. */
function unable({ code, message, hint }: MayflyError): ApiProblem {
  return new ApiProblem(code, 422, message, hint ?? "the operator finds the cause in the gateway's log");
}
