/** On whose behalf a request about mail acts. */

export type Actor =
  | { readonly kind: 'owner' }
  /** Another user, by account, whom ACLs may have given rights: an address may change hands (W7). */
  | { readonly kind: 'user'; readonly accountId: string }
  /** Looks at no ACL of the owner's; what it does is on record. */
  | { readonly kind: 'admin' };

export const OWNER: Actor = { kind: 'owner' };
export const ADMIN: Actor = { kind: 'admin' };
