import { endOf } from "../../../gate/gate.ts";

/** Why a stream was cut, for its client to read. */
const cutWords: Readonly<Record<string, string>> = {
  channel_unknown: "a channel was used that this request did not ask for",
  stdin_not_granted: "standard input is not granted",
  port_not_granted: "the port is not granted",
  frame_too_large: "a frame was larger than 1 MiB",
  frames_malformed: "what came was no frame of the protocol",
  too_many_streams: "there are more connections than one port-forward takes",
  upstream_failed: "the cluster went away",
  log_unavailable: "what passed could not be recorded",
  recording_stopped:
    "the gateway cannot record more of it now, and nothing passes unrecorded: try again later",
  recording_full: "as much was recorded of it as may be, and nothing passes unrecorded: begin another",
};

/** @param ended the session's own signal */
export function wordsOf(code: string, ended: AbortSignal): string {
  return code === "grant_ended" ? (endOf(ended)?.words ?? "") : (cutWords[code] ?? code);
}
