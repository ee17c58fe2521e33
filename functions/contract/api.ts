/** Answers of the HTTP doors under `/v1`. Times are ISO 8601 in UTC. */

import type { OperationVerb } from './machines.ts';
import type { MailServerRole } from './mail-servers.ts';

export type AccountState = 'active' | 'disabled' | 'deleting' | 'erased';

export interface AccountAnswer {
  readonly accountId: string;
  readonly user: string;
  readonly aliases: readonly string[];
  readonly state: AccountState;
  readonly retentionClass: string;
  readonly createdAt: string;
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
  /** The unfinished operation on this account, if any. */
  readonly operationId?: string;
}

export interface SubscriptionAnswer {
  readonly path: string;
}

export interface MailboxAnswer {
  readonly mailboxId: string;
  readonly path: string;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly messages: number;
  readonly bytes: number;
  readonly specialUse?: string;
}

export interface ListAnswer<T> {
  readonly items: readonly T[];
  /** Pass as `cursor` to get the next page; missing on the last. */
  readonly next?: string;
}

export interface DeliverAnswer {
  readonly mailbox: string;
  readonly uidValidity: number;
  /** In the order of the request. */
  readonly uids: readonly number[];
}

/** Send the message by PUT to the URL with these headers, then deliver it by its id. */
export interface UploadAnswer {
  readonly uploadId: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: string;
}

export interface MessageAnswer {
  readonly uid: number;
  readonly guid: string;
  readonly size: number;
  /**
   * The first 16 bytes of the SHA-256 of the message, in hex: tells equal content. Empty where it
   * was not recorded.
   */
  readonly digest: string;
  readonly internalDate: string;
  readonly saveDate: string;
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly cc?: string;
  readonly subject: string;
  readonly messageId: string;
  /** In an expunge storage: the folder that it came from, when it was expunged, when it ends. */
  readonly origin?: string;
  readonly expungedAt?: string;
  readonly expiresAt?: string;
}

/**
 * `waiting`: for the end of its grace period, until which it can be undone. `undone`: it was taken
 * back before anything was erased.
 */
export type OperationState = 'running' | 'waiting' | 'succeeded' | 'failed' | 'undone';

/** Counter name to number, for instance `messages`, `objectVersions`, `bytes`. */
export type Counts = Readonly<Record<string, number>>;

export interface OperationAnswer {
  readonly operationId: string;
  readonly verb: OperationVerb;
  readonly state: OperationState;
  /** The step it is in, or was in when it failed: one of the steps that its machine shows. */
  readonly step: string;
  readonly attempt: number;
  /** `*` where it is about more than one account. */
  readonly accountId: string;
  /** Only while the operation is unfinished. */
  readonly user?: string;
  readonly requestedBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly finishedAt?: string;
  /** Of a deletion with a grace period: nothing is erased before. */
  readonly deleteAfter?: string;
  /** Counts what there is, and changes nothing. */
  readonly dryRun?: true;
  /** What a dry run says that it would be billed for, by name. */
  readonly estimatedBill?: Counts;
  /** The same in US dollars at list price. */
  readonly estimatedCostDollars?: number;
  /** What has been erased, expunged or restored so far. */
  readonly counts: Counts;
  /** Of a purge: messages in deleted folders that nothing brings back, or of a dry run would. */
  readonly goneForGood?: number;
  /** What the plan expected to find, once it is made. */
  readonly expected?: Counts;
  /** What its steps have been billed for so far, by name, for instance `dynamodbWriteUnits`. */
  readonly billed: Counts;
  /** The same in US dollars at list price. */
  readonly costDollars: number;
  /** Date of the price table, for instance `2026-08-31`. */
  readonly pricesOf: string;
  readonly error?: OperationError;
  readonly certificate?: boolean;
}

export interface OperationError {
  readonly name: string;
  readonly message: string;
  /** What an operator can safely do next. */
  readonly next: string;
}

/** What outlives a deletion outside the stores that Lethe lists. */
export interface Remainder {
  readonly where: string;
  /** From the end of the deletion on; missing where Lethe cannot know. */
  readonly days?: number;
  readonly note: string;
}

export interface EstimateAnswer {
  readonly dryRun: true;
  readonly accountId: string;
  readonly counts: Counts;
  /**
   * Messages that nothing brings back: those of deleted folders and of expunge storages, too. Expunged
   * in place, they go as well, and no counter knows them.
   */
  readonly goneForGood?: number;
  readonly remains: readonly Remainder[];
  /** Addresses of the account that anybody may be given once it has ended; not for executions. */
  readonly freedAddresses?: readonly string[];
  /** Those that nobody can have for a time after it: `remains` says how long; not for executions. */
  readonly reservedAddresses?: readonly string[];
  /** What the deletion will be billed for, by name, for instance `dynamodbWriteUnits`. */
  readonly estimatedBill: Counts;
  /** The same in US dollars at list price. */
  readonly estimatedCostDollars: number;
  /** Date of the price table, for instance `2026-08-31`. */
  readonly pricesOf: string;
}

/** A certificate: flattened JWS JSON (RFC 7515, 7.2.2), algorithm PS256. */
export interface SignedCertificate {
  readonly payload: string;
  readonly protected: string;
  readonly signature: string;
}

export interface CertificateKeyAnswer {
  /** SubjectPublicKeyInfo in PEM. */
  readonly publicKeyPem: string;
}

/** What `POST /v1/doctor` found, looking from where the steps of a deletion look. */
export interface DoctorAnswer {
  readonly healthy: boolean;
  readonly checks: readonly DoctorCheck[];
}

export interface DoctorCheck {
  /** What was looked at: `registry table`, or the URL of a mail server. */
  readonly what: string;
  readonly kind: 'table' | MailServerRole;
  readonly ok: boolean;
  readonly detail: string;
  /** Name of the error that a deletion would end with. */
  readonly error?: string;
  /** What to do about it. */
  readonly next?: string;
}

/** RFC 9457. */
export interface Problem {
  /** A URN such as `urn:lethe:unknown-user`; the keys of PROBLEMS below. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** One entry for each field that was wrong. */
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  /** The operation that stands in the way. */
  readonly operationId?: string;
}

/** Problem type to the exit code of doveadm and the CLI (sysexits). */
export const PROBLEMS = {
  'urn:lethe:invalid-input': { status: 400, exitCode: 64 },
  'urn:lethe:not-permitted': { status: 403, exitCode: 77 },
  'urn:lethe:unknown-user': { status: 404, exitCode: 67 },
  'urn:lethe:unknown-operation': { status: 404, exitCode: 68 },
  'urn:lethe:unknown-mailbox': { status: 404, exitCode: 68 },
  'urn:lethe:unknown-message': { status: 404, exitCode: 68 },
  'urn:lethe:unknown-upload': { status: 404, exitCode: 68 },
  'urn:lethe:certificate-missing': { status: 404, exitCode: 68 },
  'urn:lethe:not-found': { status: 404, exitCode: 64 },
  'urn:lethe:account-mismatch': { status: 409, exitCode: 65 },
  'urn:lethe:address-taken': { status: 409, exitCode: 65 },
  'urn:lethe:address-reserved': { status: 409, exitCode: 65 },
  'urn:lethe:mailbox-exists': { status: 409, exitCode: 65 },
  'urn:lethe:has-children': { status: 409, exitCode: 65 },
  'urn:lethe:mailbox-not-empty': { status: 409, exitCode: 65 },
  'urn:lethe:uids-exhausted': { status: 409, exitCode: 65 },
  'urn:lethe:uid-conflict': { status: 409, exitCode: 65 },
  'urn:lethe:not-allowed': { status: 403, exitCode: 77 },
  'urn:lethe:permission-denied': { status: 403, exitCode: 77 },
  'urn:lethe:quota-exceeded': { status: 409, exitCode: 77 },
  'urn:lethe:no-quota': { status: 404, exitCode: 68 },
  'urn:lethe:invalid-query': { status: 400, exitCode: 64 },
  'urn:lethe:query-lacks-mailbox': { status: 400, exitCode: 64 },
  'urn:lethe:expunge-storage': { status: 503, exitCode: 75 },
  'urn:lethe:account-held': { status: 409, exitCode: 77 },
  'urn:lethe:account-not-active': { status: 409, exitCode: 75 },
  'urn:lethe:hold-conflict': { status: 409, exitCode: 65 },
  'urn:lethe:unknown-hold': { status: 404, exitCode: 68 },
  'urn:lethe:operation-finished': { status: 409, exitCode: 65 },
  'urn:lethe:erasure-begun': { status: 409, exitCode: 65 },
  'urn:lethe:message-too-large': { status: 413, exitCode: 65 },
  'urn:lethe:idempotency-key-reused': { status: 422, exitCode: 65 },
  'urn:lethe:fault': { status: 500, exitCode: 70 },
  'urn:lethe:busy': { status: 503, exitCode: 75 },
} as const;
export type ProblemType = keyof typeof PROBLEMS;
