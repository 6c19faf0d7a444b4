/** What an acceptable response must match. */
export interface Expectations {
  /** The provider's entity id. */
  readonly idp: string;
  /** Our entity id: the audience. */
  readonly sp: string;
  /** Where responses are posted to: Recipient and Destination. */
  readonly acs: string;
  /** The id of the answered AuthnRequest; undefined where the provider began. */
  readonly requestId: string | undefined;
  /** Maximum difference between the clocks, milliseconds. */
  readonly skew: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
