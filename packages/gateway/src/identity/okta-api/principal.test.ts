import { expect, test } from "vitest";
import type { Principal } from "../principal.ts";
import { withOktaFacts } from "./principal.ts";

const issuer = "https://example.okta.com/oauth2/aus1";
const issuedAt = Date.UTC(2026, 0, 1, 12);
const forRosa: Principal = {
  kind: "agent",
  issuer,
  subject: "rosa@example.com",
  client: "wlpbot",
  name: "wlpbot",
  groups: [],
  groupsFrom: "okta",
  groupsAsOf: issuedAt,
  person: { issuer, subject: "rosa@example.com", uid: "00uROSA", groups: ["sre"] },
  actors: ["wlpbot"],
  roles: [],
};

// Okta's fresh word about an agent says nothing of the person whom it acts for: what is held for somebody who was
// deactivated before that word, and after the token, has to end when it is told, however late.
test("an agent's groups may be fresh; what its token says stays as old as the token", () => {
  const facts = { kind: "ai_agent", state: "ACTIVE", groups: ["bots"], owners: [] } as const;
  const known = withOktaFacts(forRosa, { isKnown: true, facts }, { scopes: [] });
  expect(known).toMatchObject({ groups: ["bots"], groupsFrom: "okta", groupsAsOf: issuedAt });
});
