import type { ActSource } from "../../../gate/inventory/seen.ts";
import { mcpHar } from "./har-messages.ts";
import { mcpMessages } from "./message-log.ts";

/** The records of what was asked of a server. */
export const mcpSources: readonly ActSource[] = [mcpMessages, mcpHar];
