/** Answers about addresses of accounts. Times are ISO 8601 in UTC. */

/** What became of an address that an account had; another account may have got it since. */
export type FormerAddressAnswer =
  | { readonly address: string; readonly state: 'alias' | 'free' | 'anotherAccount' }
  | { readonly address: string; readonly state: 'reserved'; readonly reservedUntil: string };

export type AddressAnswer =
  | { readonly address: string; readonly state: 'free' }
  | {
      readonly address: string;
      readonly state: 'reserved';
      readonly reservedUntil: string;
      /** The operation that gave it up, or the request: `rename-account`, `remove-alias`. */
      readonly reservedBy: string;
    }
  | {
      readonly address: string;
      readonly state: 'owned';
      readonly accountId: string;
      /** The main address of the account. */
      readonly user?: string;
      /** When its present owner got it (RFC 7293). */
      readonly ownerSince: string;
    };

/** What became of the sessions that were open under the old name. */
export interface FormerSessionsAnswer {
  /**
   * `ended`: none is left. `left`: some still are, or servers did not answer: the same rename again
   * kicks them again. `noServers`: none are configured. `notAsked`: of a dry run, or the name is
   * another account's by now.
   */
  readonly state: 'ended' | 'left' | 'noServers' | 'notAsked';
  /** How many are left, as far as servers told. */
  readonly sessions: number;
  /** URLs of servers that did not answer. */
  readonly serversFailed: readonly string[];
}

export interface RenameAnswer {
  readonly outcome: 'renamed' | 'already';
  /** Nothing was changed. */
  readonly dryRun?: true;
  readonly accountId: string;
  readonly user: string;
  readonly formerAddress: FormerAddressAnswer;
  readonly userdb: 'renamed' | 'unknown';
  /** Mailboxes keep the settings of the domain before until those of the new one are applied. */
  readonly domainChanged: boolean;
  readonly formerSessions: FormerSessionsAnswer;
}

export interface AddAliasAnswer {
  readonly outcome: 'added' | 'already';
  readonly dryRun?: true;
  readonly accountId: string;
  readonly address: string;
}

export interface RemoveAliasAnswer {
  readonly outcome: 'removed' | 'already';
  readonly dryRun?: true;
  readonly accountId: string;
  readonly formerAddress: FormerAddressAnswer;
}

/** What an address is after its reservation was ended, or what a dry run found. */
export type EndReservationAnswer = AddressAnswer & { readonly dryRun?: true };
