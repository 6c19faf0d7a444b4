import { describe, expect, it } from "vitest";
import { pageRoles, sees, startPage } from "./roles.ts";

describe("roles", () => {
  it.each([
    [["reviewer"], "/inbox"],
    [["operator"], "/overview"],
    [["auditor"], "/overview"],
    [["auditor", "operator"], "/overview"],
    [["operator", "reviewer"], "/inbox"],
    [[], undefined],
    [["constructor"], undefined],
  ])("%j start at %s", (roles, path) => {
    expect(startPage(roles)).toBe(path);
  });
  it("lead to pages that they see", () => {
    for (const role of ["reviewer", "operator", "auditor"]) {
      const start = startPage([role]);
      expect(start !== undefined && sees([role], pageRoles[start])).toBe(true);
    }
    expect(sees([], pageRoles["/reach"])).toBe(false);
  });
});
