import * as z from "zod";
import { duration } from "../../kernel/durations.ts";
import { secretSchema, textFileSchema } from "../../kernel/secret.ts";

const MAX_TIMEOUT_MS = 600_000;

/** How a cluster is reached: `kubernetes:` of a connection. */
export const targetSchema = z
  .strictObject({
    server: z
      .string()
      .superRefine((written, context) => {
        const add = (message: string): void =>
          context.addIssue({ code: "custom", message, params: { hint: "write https://HOST:6443" } });
        if (!URL.canParse(written)) return add("this is not a URL");
        const { protocol, hostname, username, password, search, hash, pathname } = new URL(written);
        const loopback =
          hostname === "localhost" ||
          hostname === "[::1]" ||
          /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
        if (protocol !== "https:" && !(protocol === "http:" && loopback))
          add("this must start with https://");
        if (username !== "" || password !== "" || search !== "" || hash !== "")
          add("this URL takes host and port alone");
        if (/%|\/\/|\/\.{1,2}(?:\/|$)/.test(pathname)) add("this URL's path can be read in two ways");
      })
      .describe("The API server"),
    ca: textFileSchema.optional().describe("PEM file of the CA that signed its certificate"),
    token: secretSchema.optional().describe("The gateway's own token, of a service account say"),
    client_certificate: z
      .strictObject({ certificate: textFileSchema, key: secretSchema })
      .optional()
      .describe("The gateway's own certificate, instead of a token: PEM"),
    impersonate: z
      .strictObject({
        user: z
          .string()
          // The API server takes a user of no name for nobody acted as: for the gateway itself.
          .refine(
            (text) => text.replaceAll("{person}", "").trim() !== "",
            "{person} alone may be nobody: write something beside it, for example mayfly:{person}",
          )
          .describe("May hold {grant}, {agent} and {person}"),
        groups: z.array(z.string().min(1)).default([]),
      })
      .optional()
      .describe("Whom the gateway acts as, so that the cluster's own audit names the agent"),
    timeout: duration(1, MAX_TIMEOUT_MS)
      .prefault("30s")
      .describe("How long it may take until an answer begins"),
  })
  .superRefine((target, context) => {
    if ((target.token === undefined) === (target.client_certificate === undefined))
      context.addIssue({
        code: "custom",
        message:
          "the gateway needs a credential of its own for the cluster: token or client_certificate, and not both",
        params: { hint: "write token: { file: /run/secrets/k8s }" },
      });
  });

/** A target with its defaults filled in. */
export type KubernetesTarget = z.output<typeof targetSchema>;
