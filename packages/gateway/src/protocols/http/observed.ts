import { METHODS } from "./request/template.ts";
import { type HttpScope, MAX_JUDGED_BYTES } from "./scope.ts";

const contents = ["application", "audio", "font", "image", "message", "model", "multipart", "text", "video"];

/** The widest scope: any path, query and body. No header that is listed by name alone, and no WebSocket, whose messages nobody records. */
export function observedScope(): HttpScope {
  return {
    requests: METHODS.filter((method) => method !== "HEAD").flatMap((method) => [
      `${method} /`,
      `${method} /**`,
    ]),
    headers: [],
    body: { max: MAX_JUDGED_BYTES, types: contents.map((content) => `${content}/*`) },
    response: { mask: [], drop_headers: [] },
    websocket: false,
  };
}
