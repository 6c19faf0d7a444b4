import { afterAll, beforeAll } from "vitest";
import type { Store } from "../store.ts";

/** How a suite comes to a store of some kind, and what it does when it has closed it. */
export interface StoreOfSuite {
  readonly open: () => Promise<Store>;
  readonly done: () => Promise<void>;
}

/** Opens a store for the tests around the call. @param use told of it before the first of them */
export function useStore({ open, done }: StoreOfSuite, use: (store: Store) => void): void {
  let store: Store | undefined;
  beforeAll(async () => {
    store = await open();
    use(store);
  });
  afterAll(async () => {
    await store?.close();
    await done();
  });
}
