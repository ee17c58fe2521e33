/**
 * Names of faults. They are workflow API: state machines match them in Retry and Catch, the HTTP
 * doors map them to problem types, so they never change once released.
 */
export const ERROR_NAMES = {
  invalidInput: 'InvalidInputError',
  unknownUser: 'UnknownUserError',
  unknownOperation: 'UnknownOperationError',
  unknownMailbox: 'UnknownMailboxError',
  unknownMessage: 'UnknownMessageError',
  unknownUpload: 'UnknownUploadError',
  /** UIDs, or a UIDVALIDITY, that the mailbox cannot take any more. */
  uidConflict: 'UidConflictError',
  /** The address belongs to another account than the one that is meant. */
  accountMismatch: 'AccountMismatchError',
  /** The mailbox has given all UIDs that there are. */
  uidsExhausted: 'UidsExhaustedError',
  addressTaken: 'AddressTakenError',
  /** Nobody has the address, and nobody may have it yet. */
  addressReserved: 'AddressReservedError',
  mailboxExists: 'MailboxExistsError',
  /** A mailbox with others below it goes only with them. */
  hasChildren: 'HasChildrenError',
  /** It was to be empty, or mail has come while it was being deleted: it stays. */
  mailboxNotEmpty: 'MailboxNotEmptyError',
  /** The mailbox or the operation is protected, whoever asks. */
  notAllowed: 'NotAllowedError',
  /** The user lacks a right on the mailbox (RFC 4314). */
  permissionDenied: 'PermissionDeniedError',
  quotaExceeded: 'QuotaExceededError',
  noQuota: 'NoQuotaError',
  /** A query that cannot be understood. */
  invalidQuery: 'InvalidQueryError',
  /** A query that changes something and does not say where. */
  queryLacksMailbox: 'QueryLacksMailboxError',
  /** The expunge storage cannot take mail: nothing has been expunged (W2). */
  expungeStorage: 'ExpungeStorageError',
  accountHeld: 'AccountHeldError',
  accountNotActive: 'AccountNotActiveError',
  /** The case holds the account already, for another reason or until another time. */
  holdConflict: 'HoldConflictError',
  /** No such case holds the account. */
  unknownHold: 'UnknownHoldError',
  /** A hold whose protection cannot be shown to be whole; it stays placed. */
  holdIncomplete: 'HoldIncompleteError',
  operationFinished: 'OperationFinishedError',
  /** It is too late to undo a deletion. */
  erasureBegun: 'ErasureBegunError',
  idempotencyKeyReused: 'IdempotencyKeyReusedError',
  messageTooLarge: 'MessageTooLargeError',
  certificateMissing: 'CertificateMissingError',
  /** A newer attempt of the same operation has taken over: this one must stop. */
  superseded: 'SupersededError',
  /** An erasing step found its account without the fence: it must not remove anything. */
  notFenced: 'NotFencedError',
  /** Objects or rows that cannot be removed, whatever the number of tries. */
  erasureBlocked: 'ErasureBlockedError',
  /** S3 refuses to follow a row: bytes that should go stay, until the cause is removed. */
  objectBlocked: 'ObjectBlockedError',
  /** The last round of verification still found something. */
  leftovers: 'LeftoversError',
  /** Mailboxes that autoexpunge could not sweep: they stay due. */
  sweepIncomplete: 'SweepIncompleteError',
  /** Deleted folders that could not be purged: the next purge tries again. */
  purgeIncomplete: 'PurgeIncompleteError',
  /** A write would make a row, or a transaction, larger than the store takes. */
  rowTooLarge: 'RowTooLargeError',
  /** The store did not answer in time or throttled every try. */
  storeBusy: 'StoreBusyError',
  /** AWS refuses a call to the function's role: a permission is missing, or something denies it. */
  permissionMissing: 'PermissionMissingError',
  /** A mail server refused the API key. */
  mailServerAuth: 'MailServerAuthError',
  /** No connection, or none that is trusted: name, route, port, certificate. */
  mailServerUnreachable: 'MailServerUnreachableError',
  mailServerTimeout: 'MailServerTimeoutError',
  /** A mail server answered, but not as doveadm does, or it lacks what is needed. */
  mailServerRefused: 'MailServerRefusedError',
  /** The API key of the mail servers cannot be had. */
  mailServerSecret: 'MailServerSecretError',
  /** The deadline has passed and somebody is still connected. */
  sessionsLeft: 'SessionsLeftError',
} as const;

export type ErrorName = (typeof ERROR_NAMES)[keyof typeof ERROR_NAMES];
