import type { SharedCancels } from "../../protocols/postgres/login/cancels.ts";
import type { Siblings } from "./siblings.ts";

/**
 * Brings a CancelRequest to the worker whose session it means: it comes over a connection of its own, which the kernel may
 * give to any of them. Its key is as good there as here, and an unknown one does nothing anywhere.
 */
export function cancelsAmong(siblings: Siblings): SharedCancels {
  return {
    async elsewhere(key) {
      await siblings.askAll("cancel", key.toString("base64"));
    },
    onElsewhere(request) {
      siblings.answer("cancel", async (body) => {
        await request(Buffer.from(String(body), "base64"));
        return true;
      });
    },
  };
}
