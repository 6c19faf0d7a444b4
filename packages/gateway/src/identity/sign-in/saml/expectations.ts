/** What a response has to be about to count. */
export interface Expectations {
  /** The provider's entity id. */
  readonly idp: string;
  /** Our entity id: the audience. */
  readonly sp: string;
  /** Where responses are posted to: Recipient and Destination. */
  readonly acs: string;
  /** The id of the AuthnRequest that this answers; undefined where the provider began. */
  readonly requestId: string | undefined;
  /** How far clocks may be apart, milliseconds. */
  readonly skew: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
