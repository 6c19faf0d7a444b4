import * as z from "zod";
import { openEndpoint } from "../contract/endpoint.ts";
import { ApiProblem } from "../contract/problems.ts";
import { beginQuery, beginSignIn, finishSignIn } from "./flow.ts";

const redirects = {
  303: { description: "To the provider, to where the browser wanted to go, or to /sign-in" },
};

/** Sends a browser to the SAML identity provider. */
export const beginSaml = openEndpoint({
  id: "GET /sign-in/saml",
  operationId: "beginSaml",
  summary: "Begins a sign-in through SAML",
  browser: true,
  query: beginQuery,
  answers: redirects,
  handle: (call) => beginSignIn("saml", call),
});

/** Takes the SAML response that the browser posts (SAML Bindings 2.0, section 3.5). */
export const finishSaml = openEndpoint({
  id: "POST /sign-in/saml/acs",
  operationId: "finishSaml",
  summary: "The assertion consumer service: finishes a sign-in through SAML",
  browser: true,
  form: true,
  // A response with many groups, encoded, is longer than any JSON body of ours.
  bodyLimit: 524_288,
  body: z.looseObject({}),
  answers: redirects,
  handle: (call) => finishSignIn("saml", call, call.body),
});

/** What the identity provider has to know of us. */
export const getSamlMetadata = openEndpoint({
  id: "GET /sign-in/saml/metadata",
  operationId: "samlMetadata",
  summary: "The service provider's SAML metadata",
  browser: true,
  answers: {
    200: {
      description: "SAML metadata",
      schema: z.string(),
      mediaType: "application/samlmetadata+xml; charset=utf-8",
    },
  },
  handle({ services }) {
    const metadata = services.people.samlMetadata();
    if (metadata === undefined) {
      throw new ApiProblem(
        "not_configured",
        404,
        "people do not sign in through SAML here",
        "identity.people.saml in the configuration switches it on",
      );
    }
    return { status: 200, body: metadata };
  },
});
