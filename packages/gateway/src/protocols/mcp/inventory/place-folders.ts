/** Paths are judged here with `/` between their segments. */

/** Folders of the system: any file in one of them is more than what was seen. */
const system =
  /^(?:\/(?:etc|proc|sys|dev|root|run|boot|bin|sbin|lib|lib32|lib64|usr|system|library|var\/(?:run|lib|spool|db|root|backups|cache)|private\/(?:etc|var\/(?:run|lib|db|root)))|[a-z]:\/(?:windows|winnt|programdata|program files(?: \(x86\))?|system volume information|users\/[^/]+\/appdata)|\/mnt\/[a-z]\/windows)(?:\/|$)/i;
/** Folders with the system's folders in them, or everything of one person's. */
const wide =
  /^(?:|~|[a-z]:|\/(?:home|users|mnt\/[a-z]\/users)(?:\/[^/]*)?|[a-z]:\/users(?:\/[^/]*)?|\/(?:var|private|private\/var|mnt|mnt\/[a-z]|media|volumes))$/i;

const credentialFile =
  /^(?:id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?(?:[._-].*)?|_netrc|.*\.(?:pem|key|p12|p8|pfx|jks|kdbx?|keystore|ppk|ovpn|asc|gpg|env|tfstate)|service[-_]?accounts?[^/]*\.json|g?shadow-?|h?t?passwd|.*kubeconfig.*|.*_history)$/i;
const credentialWord =
  /(?:^|[^a-z])(?:credentials?|creds|secrets?|passwords?|passwd|htpasswd|apikeys?|api[-_]keys?|private[-_]keys?)(?:[^a-z]|$)/i;

export const isOfSystem = (path: string): boolean => system.test(path);
/** @param root of an absolute path, of one in a home, or of one on a drive; empty: `/` */
export const isWide = (root: string): boolean => wide.test(root);

/** Whether keys or passwords are in a file by what it and its folders are called. */
export const isOfCredentials = (segments: readonly string[]): boolean =>
  credentialFile.test(segments.at(-1) ?? "") || segments.some((segment) => credentialWord.test(segment));
