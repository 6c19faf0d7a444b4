import type { AddressInfo } from "node:net";
import { createApi } from "../../gateway/src/api/server.ts";
import type { ApiServices } from "../../gateway/src/api/services.ts";
import { type Fakes, fakes } from "../../gateway/src/api/testing/fakes.ts";

export type { ApiServices, Fakes };
export type { LiveSession } from "../../gateway/src/gate/live-session.ts";
export { fakePeople } from "../../gateway/src/api/testing/fake-people.ts";
export { principals } from "../../gateway/src/api/testing/fakes.ts";
export { kubeconfigOf } from "../../gateway/src/protocols/kubernetes/kubeconfig.ts";

/** The gateway's real API over fake services, listening on the loopback address: for tests of its clients. */
export interface FakeApi {
  readonly all: Fakes;
  readonly url: string;
  close(): Promise<void>;
}

/** The fake services, for a test that changes a part of one. */
export const fakesServices = (): ApiServices => fakes().services;

/** Starts it; `change` replaces single services. */
export async function startFakeApi(change: Partial<ApiServices> = {}): Promise<FakeApi> {
  const all = fakes(change);
  const app = createApi(all.services);
  await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    all,
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    close: () => app.close(),
  };
}
