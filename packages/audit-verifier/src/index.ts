export * from "./checkpoint.ts";
export * from "./folder.ts";
export * from "./line.ts";
export * from "./merkle.ts";
export * from "./note.ts";
export * from "./payload.ts";
export * from "./report.ts";
export * from "./verify.ts";
