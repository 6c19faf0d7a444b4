/** A gateway that did not say for so long that it lives counts as gone, milliseconds by the store's clock. */
export const GONE_AFTER_MS = 15_000;

/** A gateway that has not beaten for so long has been killed, and its name may never come back. By the store's clock. */
export const FORGOTTEN_AFTER_MS = 86_400_000;

/** A gateway that asks another waits for an answer no longer than this, milliseconds. */
export const MAX_WAIT_MS = 3000;
