export { encodeResponse, samlIdentityProvider } from "./identity-provider.ts";
export type {
  Mint,
  SamlIdentityProvider,
  SamlProviderSettings,
  ServiceProvider,
  Signed,
} from "./identity-provider.ts";
export * as samlNames from "./names.ts";
export { escapeXml, newXmlId } from "./response.ts";
export type { ResponseContent } from "./response.ts";
export { hmacSha1, signElement } from "./signing.ts";
export type { SignOptions } from "./signing.ts";
export { newSamlKey } from "./signing-key.ts";
export type { SamlKey } from "./signing-key.ts";
export { signInWithSaml } from "./sign-in.ts";
export type { PostedResponse } from "./sign-in.ts";
