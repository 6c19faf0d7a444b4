/**
 * Test files that are never run a second time: each holds something that may not fail once. What they find is a leak, a
 * lost record or a bypass, and a second try with better luck would hide it. Paths from the root; `tests/unit/second-tries.test.ts`
 * holds that each exists, and that no file whose name says that it belongs here is missing.
 */
export const INVARIANTS = [
  "packages/gateway/src/audit/corpus.test.ts",
  "packages/gateway/src/audit/faults.test.ts",
  "packages/gateway/src/audit/kill.integration.test.ts",
  "packages/gateway/src/gate/web/http1/response-reader.property.test.ts",
  "packages/gateway/src/gate/web/websocket/frames.property.test.ts",
  "packages/gateway/src/gate/web/schema/pairs.test.ts",
  "packages/gateway/src/grants/approvals-corpus.test.ts",
  "packages/gateway/src/grants/control-corpus.test.ts",
  "packages/gateway/src/grants/durability/time.property.test.ts",
  "packages/gateway/src/grants/faults.test.ts",
  "packages/gateway/src/grants/model.property.test.ts",
  "packages/gateway/src/identity/corpus.test.ts",
  "packages/gateway/src/identity/sign-in/saml/corpus.test.ts",
  "packages/gateway/src/identity/sign-in/saml/mutation.property.test.ts",
  "packages/gateway/src/policy/decide.property.test.ts",
  "packages/gateway/src/protocols/http/corpus.test.ts",
  "packages/gateway/src/protocols/kubernetes/codecs.property.test.ts",
  "packages/gateway/src/protocols/kubernetes/corpus.test.ts",
  "packages/gateway/src/protocols/kubernetes/standards/pod-security.test.ts",
  "packages/gateway/src/protocols/kubernetes/write/strategic-patch.test.ts",
  "packages/gateway/src/protocols/mcp/corpus.test.ts",
  "packages/gateway/src/protocols/postgres/guard/corpus.test.ts",
  "packages/gateway/src/protocols/postgres/guard/found/oracle.integration.test.ts",
  "packages/gateway/src/protocols/postgres/guard/fuzz.integration.test.ts",
  "packages/gateway/src/protocols/postgres/guard/oracle.integration.test.ts",
  "packages/gateway/src/protocols/postgres/guard/twins.integration.test.ts",
  "packages/gateway/src/protocols/postgres/wire-corpus.integration.test.ts",
  "tests/e2e/torture-faults.test.ts",
  "tests/e2e/torture.test.ts",
  "tests/integration/json-schema-pairs.test.ts",
  "tests/integration/json-schema-suite.test.ts",
  "tests/integration/wire-fuzz.test.ts",
];
