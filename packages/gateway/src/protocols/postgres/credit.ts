/**
 * Time that somebody may use of what all share: a burst, and a share of every second after it. Whoever has used it up
 * waits, or is served elsewhere; nobody else does.
 */
export interface Credit {
  /** Milliseconds until somebody has credit again; 0: now. */
  wait(who: string): number;
  /** Notes so many milliseconds as used. May go below nothing: what costs is known only afterwards. */
  spend(who: string, milliseconds: number): void;
  /** How many have less than their burst, for tests. */
  readonly size: number;
}

interface Account {
  left: number;
  at: number;
}

/** Accounts that are whole again are forgotten once there are so many. */
const MAX_IDLE_ACCOUNTS = 1000;

/**
 * @param burst milliseconds that may be used at once
 * @param share of every second, above 0
 * @param now the monotonic clock, milliseconds
 */
export function createCredit(burst: number, share: number, now: () => number): Credit {
  const accounts = new Map<string, Account>();
  const update = (account: Account, time: number): void => {
    account.left = Math.min(burst, account.left + (time - account.at) * share);
    account.at = time;
  };
  const forgetWhole = (time: number): void => {
    for (const [who, account] of accounts) {
      update(account, time);
      if (account.left >= burst) accounts.delete(who);
    }
  };
  return {
    wait(who) {
      const account = accounts.get(who);
      if (account === undefined) return 0;
      update(account, now());
      return account.left > 0 ? 0 : Math.ceil(-account.left / share) + 1;
    },
    spend(who, milliseconds) {
      const time = now();
      let account = accounts.get(who);
      if (account === undefined) {
        if (accounts.size >= MAX_IDLE_ACCOUNTS) forgetWhole(time);
        account = { left: burst, at: time };
        accounts.set(who, account);
      } else update(account, time);
      account.left -= milliseconds;
    },
    get size() {
      return accounts.size;
    },
  };
}
