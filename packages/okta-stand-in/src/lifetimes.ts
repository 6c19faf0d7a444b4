/** How long what the authorization servers make lives, seconds. */
export const lifetimes = (settings: { readonly tokenLifetime: number }) => ({
  AccessToken: settings.tokenLifetime,
  AuthorizationCode: 60,
  DeviceCode: 600,
  Grant: 86_400,
  IdToken: 3600,
  Interaction: 3600,
  RefreshToken: 86_400,
  Session: 86_400,
});
