import * as z from "zod";
import { component } from "../contract/components.ts";
import { openEndpoint } from "../contract/endpoint.ts";

const methodsSchema = component(
  "SignInMethods",
  z.object({
    methods: z.array(
      z.object({
        kind: z.enum(["oidc", "saml"]),
        label: z.string().meta({ description: "For the button" }),
        url: z.string().meta({ description: "Where a browser begins; takes return=/path and fresh=SECONDS" }),
      }),
    ),
  }),
);

/** How people can sign in here. */
export const getSignInMethods = openEndpoint({
  id: "GET /v1/sign-in",
  operationId: "signInMethods",
  summary: "The ways in which people can sign in with a browser",
  answers: { 200: { description: "Possibly none", schema: methodsSchema } },
  handle: ({ services }) => ({
    status: 200,
    body: {
      methods: services.people.methods.map(({ method, label }) => ({
        kind: method,
        label,
        url: `/sign-in/${method}`,
      })),
    },
  }),
});
