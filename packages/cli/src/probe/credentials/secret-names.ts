/** Never secrets, though their names look so. */
const HARMLESS = new Set([
  "PWD",
  "OLDPWD",
  "XAUTHORITY",
  "COLORTERM",
  "SSH_AUTH_SOCK",
  "TOKENIZERS_PARALLELISM",
]);

/** What a name ends with that speaks of a secret instead of being one. Those of files are followed elsewhere. */
const HARMLESS_ENDS =
  /_(?:URLS?|URI|ENDPOINT|HOST|PORT|SOCK|SOCKET|TYPE|METHOD|MODE|TTL|EXPIRY|EXPIRES|EXPIRATION|EXPIRES_AT|EXPIRES_IN|LENGTH|ENABLED|DISABLED|REQUIRED|FILE|FILES|PATH|DIR|HOME|NAME|PROVIDER|ISSUER|AUDIENCE|SCOPES?|ALGORITHM|PLUGIN|DOMAIN|REALM|VERSION|KEY_ID|COUNT|LIMIT)$/;

/** Parts of names that stand for a secret wherever they stand. */
const SECRET_PARTS =
  /PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|(?:SECRET|ACCOUNT|ENCRYPTION|SIGNING|MASTER|DEPLOY)_?KEY|CREDENTIAL/;

/** Whole words of names that stand for a secret. */
const SECRET_WORDS =
  /(?:^|_)(?:SECRETS?|[A-Z0-9]{0,40}TOKEN|AUTH|AUTHORIZATION|JWT|PASS|[A-Z0-9]{0,40}SECRET)(?:_|$)/;

const SWITCHES = /^(?:true|false|yes|no|on|off|none|null|undefined|enabled|disabled|[01])$/i;

/** Whether a variable's or a setting's name says that its value is a secret. */
export function isSecretName(name: string): boolean {
  const upper = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toUpperCase()
    .replaceAll(/[-.]/g, "_");
  if (HARMLESS.has(upper) || /^(?:GPG|MAYFLY)_/.test(upper) || HARMLESS_ENDS.test(upper)) return false;
  return SECRET_PARTS.test(upper) || SECRET_WORDS.test(upper) || upper.endsWith("PWD");
}

/** Whether a value can be a secret at all: a switch is none. */
export function canBeSecret(value: string): boolean {
  return value.trim() !== "" && !SWITCHES.test(value.trim());
}
