/**
 * One text for one login, where sameness gives something: its own but for the case of ASCII letters, as Okta treats
 * logins. What only looks the same is somebody else.
 */
export function ownLogin(login: string): string {
  return login.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/**
 * One text for one login, where sameness only ever refuses: without case, as Okta treats logins, and whatever way Unicode writes
 * the same letters, seen ones and joiners that are not. Whoever compares by it takes two logins that look the same for
 * one person.
 */
export function loginKey(login: string): string {
  return login
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "")
    .normalize("NFKC")
    .trim()
    .toLowerCase();
}
