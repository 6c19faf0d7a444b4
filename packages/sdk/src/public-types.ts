export type {
  ApproveAnswer,
  AuditFilter,
  AuditSearch,
  ExportFormat,
  MayflyClient,
  ReviewAnswer,
  WhoseGrants,
} from "./client.ts";
export type { EventsOptions } from "./events.ts";
export type * from "./types.generated.ts";
export type { AskOptions, WaitOptions } from "./waiting.ts";
