// Recordings of what commands wrote, for whoever plays them: `@mayfly/sdk/recordings`. Nothing here imports anything.
export { type Cast, type CastEvent, type Pace, readCast, type Step, stepsOf } from "./asciicast.ts";
export { escapeOf, printable, safeJson, UNSEEN } from "./printable.ts";
export { type Recording, recordingOf } from "./recording.ts";
export { type Canvas, createSafeStream, heldBack } from "./safe-stream.ts";
