import type { ProtocolSchema } from "../configuration/types.ts";

/** The protocols that mayflyd serves: adding one is adding its folder and a line here. */
export const protocols: readonly ProtocolSchema[] = [];
