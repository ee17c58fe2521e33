/**
 * What a mail service decides about forgetting. The same document stands at four levels:
 * deployment, domain, account and, by the name of a mailbox inside a document, mailbox. A member
 * that a nearer level has wins; the lists and maps of a nearer level replace those of a farther
 * one, except `mailboxes`, which are merged by name.
 */

/** Age and count at which messages of a mailbox are expunged without anybody's doing (A1). */
export interface AutoexpungePolicy {
  /** Counted from the save date; missing: age does not matter. */
  readonly afterSeconds?: number;
  /** Messages that may stay, at most; missing: any number. */
  readonly maxMails?: number;
}

/** Settings of mailboxes by name or pattern (`*` any characters, `%` any but `/`). */
export interface MailboxSettings {
  /** `null` switches off what a farther level says. */
  readonly autoexpunge?: AutoexpungePolicy | null;
  /** Rights of the owner, letters of RFC 4314, which no ACL overrides; all of them when missing. */
  readonly ownerRights?: string;
  readonly specialUse?: string;
  /** How long the folder stays once it is deleted, in place of what else is said. */
  readonly deletedRetentionDays?: DeletedRetentionDays;
}

/** Days; 0: the next purge takes it. */
export type DeletedRetentionDays = number | 'never';

/** What deleting a folder means: it is set aside, or its messages are expunged and it is gone. */
export type DeleteMode = 'delayed' | 'immediate';

/** What owners may do with the expunge storage: see nothing of it, not list it, or list it too. */
export type OwnerAccess = 'closed' | 'hidden' | 'listed';

export interface MailSettings {
  /**
   * Where expunged mail goes: `off` (nowhere), `in-place` (it stays in its mailbox, where only
   * `unexpunge` finds it), the name of a mailbox (`.EXPUNGED`), or the name of a namespace with
   * its trailing delimiter (`.EXPUNGED/`).
   */
  readonly lazyExpunge?: string;
  readonly lazyExpungeOnlyLastInstance?: boolean;
  /** Mailbox names, patterns or special uses such as `\Trash`, of which mail goes for good (L5). */
  readonly lazyExpungeExclude?: readonly string[];
  readonly lazyExpungeOwnerAccess?: OwnerAccess;
  /** Bytes that an account may have in mailboxes that count; `null`: no limit. */
  readonly quotaBytes?: number | null;
  /** Mailbox names or patterns that do not count. The namespace of expunged mail never does. */
  readonly quotaExempt?: readonly string[];
  readonly deleteMode?: DeleteMode;
  /** First level of the names under which administrators see deleted folders. */
  readonly deletedPrefix?: string;
  /** Deleted folders at least so old go with the next purge. */
  readonly deletedRetentionDays?: DeletedRetentionDays;
  readonly mailboxes?: Readonly<Record<string, MailboxSettings>>;
}
