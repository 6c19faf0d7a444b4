import type { ApiLimits } from "../services.ts";

/** What holds when `main` says nothing else. */
export const defaultLimits: ApiLimits = {
  addressRate: 100,
  addressBurst: 400,
  principalRate: 20,
  principalBurst: 100,
  renewalRate: 200,
  renewalBurst: 600,
  pollsPerPrincipal: 16,
  polls: 1000,
  eventsPerPrincipal: 8,
  events: 500,
  exportsPerPrincipal: 2,
  exports: 8,
  histogramsPerPrincipal: 4,
  histograms: 8,
  signInRate: 2,
  signInBurst: 60,
  registrationRate: 1,
  registrationBurst: 60,
  signalRate: 5,
  signalBurst: 100,
  remembered: 10_000,
};

/**
 * What one of several processes behind the same ports allows of what nobody has to sign in for and the store is written
 * for. What protects a process's own time and memory is each process's own.
 */
export function shareOfLimits(processes: number): Partial<ApiLimits> {
  const share = (limit: number): number => Math.ceil(limit / processes);
  const { signInRate, signInBurst, registrationRate, registrationBurst } = defaultLimits;
  return {
    signInRate: signInRate / processes,
    signInBurst: share(signInBurst),
    registrationRate: registrationRate / processes,
    registrationBurst: share(registrationBurst),
  };
}

/** Whether an address is this machine's own. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address);
}
