/** The few members of oidc-provider that the stand-in uses; the package ships no types. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  interface Grant {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  /** An interaction as it is stored; `session` is the browser session in which it began. */
  export interface InteractionDetails {
    readonly uid: string;
    readonly exp: number;
    session?: { uid?: string; readonly accountId?: string };
    save(seconds: number): Promise<string>;
    readonly prompt: { readonly name: string };
    readonly params: Readonly<Record<string, unknown>>;
  }

  interface Session {
    destroy(): Promise<void>;
  }

  interface Client {
    backchannelLogout(subject: string, sid: string): Promise<void>;
  }

  export interface Context {
    body: unknown;
    type: string;
    readonly query: Readonly<Record<string, unknown>>;
    readonly oidc: {
      readonly params: Record<string, unknown>;
      readonly provider: Provider;
      readonly client?: { readonly clientId: string; readonly clientName?: string };
      readonly session?: { readonly accountId?: string };
      readonly result?: { readonly login?: { readonly accountId: string } };
    };
  }

  export interface IssuedToken {
    readonly kind: string;
    readonly clientId: string;
    readonly accountId?: string;
    readonly scope?: string;
  }

  export interface Prompt {
    readonly checks: { clear(): void; add(check: unknown): void };
  }

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    proxy: boolean;
    readonly Client: { find(clientId: string): Promise<Client | undefined> };
    readonly Session: { findByUid(uid: string): Promise<Session | undefined> };
    readonly Grant: new (properties: { accountId: string; clientId: string }) => Grant;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<InteractionDetails>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Record<string, unknown>,
      options?: { mergeWithLastSubmission?: boolean },
    ): Promise<void>;
    on(event: string, listener: (...parts: unknown[]) => void): this;
  }

  export const interactionPolicy: {
    base(): { get(name: string): Prompt; remove(name: string): void };
    readonly Check: {
      new (
        reason: string,
        description: string,
        error: string,
        check: (context: Context) => boolean | Promise<boolean>,
      ): unknown;
      readonly REQUEST_PROMPT: true;
      readonly NO_NEED_TO_PROMPT: false;
    };
  };

  export const errors: {
    readonly InvalidClient: new (message: string) => Error;
    readonly InvalidGrant: new (message: string) => Error;
  };
}
