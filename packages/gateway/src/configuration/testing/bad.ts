/**
 * One broken configuration: `from` of the good file is replaced by `to`, in which § marks the place that the
 * problem must point at. It must be the only problem.
 */
export type Bad = readonly [from: string, to: string, message: string, hint?: string];

export const secretRule = "a secret is named, never written: { env: NAME } or { file: PATH }";
export const notStarted = "remove it: a configuration is not started with what it cannot keep";
export const nameRule =
  "a name is lower-case letters, digits and hyphens, starts with a letter and has at most 63 characters";
export const storeRule =
  "this must be sqlite:PATH, postgres://USER@HOST/DATABASE or { postgres: { env: NAME } }";
export const wholeUrl = "write store: { postgres: { env: NAME } } and put the whole URL into that variable";
export const issuer = "  agents:\n    issuer: https://example.okta.com/oauth2/aus4x2kq\n";
