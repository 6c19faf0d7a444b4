import * as z from "zod";
import { ApiProblem } from "../contract/problems.ts";
import { openEndpoint } from "../contract/endpoint.ts";

/** Slack tells of pressed buttons here. Its signature is what lets a call in; the answer says nothing. */
export const slackInteraction = openEndpoint({
  id: "POST /slack/interactions",
  operationId: "slackInteraction",
  summary: "Takes what Slack tells of pressed buttons",
  browser: true,
  form: true,
  headers: z.looseObject({
    "x-slack-request-timestamp": z.string().max(20).optional(),
    "x-slack-signature": z.string().max(100).optional(),
  }),
  // Slack sends the message along with the press.
  bodyLimit: 262_144,
  body: z.looseObject({ payload: z.string() }),
  answers: { 200: { description: "Taken" } },
  async handle({ services, headers, raw }) {
    if (raw === undefined) throw new ApiProblem("malformed_request", 400, "there is no form", "send one");
    await services.notifications.slack({
      raw,
      timestamp: headers["x-slack-request-timestamp"],
      signature: headers["x-slack-signature"],
    });
    return { status: 200 };
  },
});
