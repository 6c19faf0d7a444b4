/** A patch that cannot be applied to the object that it is for, as the cluster would find too. */
export class Unapplied extends Error {}

/** A patch that may mean something to the cluster that it does not mean here. */
export class NotUnderstood extends Error {}
