import type { Context } from "oidc-provider";
import { escapeHtml, page } from "./pages.ts";

/** oidc-provider's device flow, with the stand-in's pages. */
export const deviceFlow = {
  enabled: true,
  mask: "****-****",
  userCodeInputSource: (context: Context, form: string) => {
    const button = `<button type="submit" form="op.deviceInputForm">Continue</button>`;
    context.body = page("Enter the code", form + button);
  },
  userCodeConfirmSource: (
    context: Context,
    form: string,
    client: { clientId: string },
    _: unknown,
    code: string,
  ) => {
    const text = `<p>${escapeHtml(client.clientId)} shows the code <b>${escapeHtml(code)}</b>.</p>`;
    const button = `<button type="submit" form="op.deviceConfirmForm">It is mine, continue</button>`;
    context.body = page("Is this your code?", text + form + button);
  },
  successSource: (context: Context) => {
    context.body = page("Signed in", "<p>You can close this page.</p>");
  },
};
