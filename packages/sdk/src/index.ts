// The package's public face.
export { createMayfly } from "./client.ts";
export type { AuditSearch, Mayfly, MayflyOptions, WaitOptions } from "./client.ts";
export { MayflyError } from "./errors.ts";
export type { GrantAsk, GrantUse } from "./with-grant.ts";
export type * from "./types.generated.ts";
