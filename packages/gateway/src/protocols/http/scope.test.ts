import { describe, expect, it } from "vitest";
import { TextFile } from "../../kernel/secret.ts";
import { fateOf, problemOfListed } from "./request/headers.ts";
import { compileScopes } from "./compile.ts";
import { judgeHead } from "./judge-head.ts";
import { checkScope, scopeSchema } from "./scope.ts";

const mask = { response: { mask: ["/customer/email"] } };

describe("a mask", () => {
  const problems = (more: object): readonly string[] =>
    checkScope(scopeSchema.parse({ requests: ["GET /v1/{x}", "POST /v1/{x}"], ...mask, ...more })).map(
      ({ path, message, hint }) => `${path.join(".")}: ${message} | ${hint}`,
    );

  it("demands to be told which parameters there are", () => {
    expect(problems({})).toEqual([
      expect.stringMatching(/^response\.mask: .*query list.* \| write query: \[\]/),
    ]);
    expect(problems({ query: [] })).toEqual([]);
    expect(problems({ query: ["page"] })).toEqual([]);
    expect(problems({ query: { page: "[0-9]+" } })).toEqual([]);
    expect(problems({ response: {} })).toEqual([]);
  });

  it("demands a schema of a body", () => {
    expect(problems({ query: [], body: { types: ["application/json"] } })).toEqual([
      expect.stringMatching(/^body: .*schema/),
    ]);
    expect(problems({ body: { types: ["application/json"] }, response: {} })).toEqual([]);
  });

  it("and that it lists every member", () => {
    const problemsWith = (schema: object, more: object = {}): readonly string[] => {
      const scope = scopeSchema.parse({
        requests: ["POST /v1/{x}"],
        query: [],
        body: "s.json",
        ...mask,
        ...more,
      });
      if (scope.body?.schema instanceof TextFile) scope.body.schema.load(JSON.stringify(schema));
      return checkScope(scope).map(({ path, hint }) => `${path.join(".")}: ${hint}`);
    };
    const open = { type: "object", properties: { page: { type: "integer" } } };
    expect(problemsWith(open)).toEqual([
      "body: write type: object and additionalProperties: false at its top",
    ]);
    expect(problemsWith({ ...open, additionalProperties: false })).toEqual([]);
    expect(problemsWith(open, { response: {} })).toEqual([]);
    const inPlace = (schema: object): readonly string[] => problemsWith({}, { body: { schema } });
    expect(inPlace(open)).toEqual(["body: write type: object and additionalProperties: false at its top"]);
    expect(inPlace({ ...open, additionalProperties: false })).toEqual([]);
  });

  it.each([
    "fields=customer.email:x",
    "include=customer",
    "$filter=startswith(email,'a')",
    "sort=email",
    "$orderby=email",
    "q=ada",
    "expand=customer",
    "format=xml",
    "alt=media",
    "callback=f",
    "select=id,x:customer",
    "jq=.customer",
    "format[]=x",
  ])("takes no parameter that is not listed, also where nothing demanded the list: %s", (query) => {
    const nearestOf = (more: object): string | undefined =>
      judgeHead(
        compileScopes([{ name: "a/b", scope: scopeSchema.parse({ requests: ["GET /v1/{x}"], ...more }) }]),
        { method: "GET", target: `/v1/7?${query}`, headers: [] },
      ).nearest?.step;
    expect(nearestOf({ ...mask, query: ["page"] })).toBe("query");
    expect(nearestOf(mask)).toBe("query");
    expect(nearestOf({})).toBeUndefined();
  });
});

describe("a header that an operation lists", () => {
  it.each(["x-*", "X-Vendor-*", "*", "x-*-id"])("is a name and no pattern: %s", (written) => {
    expect(problemOfListed(written)?.hint).toContain("whole name");
    expect(scopeSchema.safeParse({ requests: ["GET /"], headers: [written] }).success).toBe(false);
    expect(fateOf("x-vendor-id", [written.toLowerCase()])).toBe("refuse");
  });

  it.each(["x-tenant", "X-Api-Key", "x_vendor", "x-hub-signature", "x-hostname-of-mine", "apikey"])(
    "may be %s",
    (written) => {
      expect(problemOfListed(written)).toBeUndefined();
      expect(fateOf(written.toLowerCase(), [written.toLowerCase()])).toBe("forward");
    },
  );

  // What proxies, clouds and frameworks read: who somebody is, where a request came from and where it goes.
  it.each(
    [
      [
        "Forwarded",
        "Via",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-User",
        "X-Forwarded",
        "X_Forwarded_For",
      ],
      [
        "X-Real-IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "Fastly-Client-IP",
      ],
      ["X-Originating-IP", "X-Remote-IP", "X-Remote-Addr", "X-ProxyUser-Ip", "WL-Proxy-Client-IP", "X-Host"],
      ["X-Original-URL", "X-Original-Host", "X-Rewrite-URL", "X-Override-URL", "X-Middleware-Subrequest"],
      ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Matched-Path", "X-Invoke-Path"],
      ["X-User", "X-User-Id", "X-Username", "X-Auth-Request-User", "X-Authenticated-User", "X-Remote-User"],
      [
        "Remote-User",
        "Impersonate-User",
        "Impersonate-Group",
        "X-Remote-Group",
        "X-WebAuth-User",
        "X-Consumer-ID",
      ],
      [
        "X-Envoy-Original-Path",
        "X-Envoy-External-Address",
        "X-Amzn-Oidc-Identity",
        "X-Amzn-Trace-Id",
        "X-Goog-IAP-JWT",
      ],
      [
        "X-MS-Client-Principal",
        "X-Goog-Authenticated-User-Email",
        "Cf-Access-Jwt-Assertion",
        "Tailscale-User-Login",
      ],
      [
        "X-SSL-Client-Verify",
        "SSL-Client-Cert",
        "X-Client-Cert",
        "X-Azure-ClientIP",
        "X-AppEngine-User-Email",
      ],
      // RFC 9440; mod_auth_openidc, SiteMinder, WebSEAL; Hasura, Mimir, Trino.
      ["Client-Cert", "Client-Cert-Chain", "OIDC_CLAIM_sub", "SM_USER", "iv-user", "From"],
      ["X-Hasura-Role", "X-Scope-OrgID", "X-Trino-User", "X-Proxy-User", "X-TLS-Client-Cert"],
      ["Client-IP", "X-Custom-IP-Authorization", "X-NF-Client-Connection-IP", "CloudFront-Viewer-Address"],
      ["X-HTTP-Host-Override", "X-HTTP-DestinationURL", "Destination", "l5d-dst-override", "dapr-app-id"],
      // GitLab, Box, Smartsheet, Redmine, Elasticsearch, Discourse, Stripe, Dropbox, Dynamics.
      ["Sudo", "As-User", "Assume-User", "X-Redmine-Switch-User", "es-security-runas-user", "Api-Username"],
      ["Stripe-Account", "Dropbox-API-Select-User", "MSCRMCallerID", "On-Behalf-Of", "X-On-Behalf-Of-User"],
      ["opendistro_security_impersonate_as", "X-Impersonate-User", "X-Acting-As"],
    ].flat(),
  )("is never %s", (name) => {
    expect(problemOfListed(name)).toMatchObject({ hint: expect.stringContaining("leave it out") as string });
    expect(fateOf(name.toLowerCase(), [name.toLowerCase()])).toBe("refuse");
  });
});
