/**
 * Lines of the functions' logs that metrics are made of: the functions write them, the
 * infrastructure filters them.
 */

/** Every step of a machine ends with one, with the fields `step` and `outcome`. */
export const STEP_LOG = { message: 'step done' } as const;

/** What verification found; by the names of its outcomes. */
export const VERIFY_STEP = 'verify-erasure';
export const VERIFY_OUTCOMES = {
  /** Something was found, and is erased in one more round. */
  foundMore: 'nextRound',
  /** Something was found in the last round. */
  gaveUp: 'refused',
} as const;

/** Once per erased account, with a number in each field that has something to count. */
export const ERASED_LOG = {
  message: 'account erased',
  fields: ['messageRows', 'objectVersions', 'objectBytes'],
} as const;

/** From the scheduled look at the running executions. */
export const WATCH_LOG = {
  message: 'executions running',
  fields: { running: 'running', oldestSeconds: 'oldestSeconds' },
} as const;

/** From the scheduled look at what time has made due. */
export const DUE_LOG = { message: 'due operations started' } as const;

/** Of every batch of rows that S3 follows, from the stream or from the retry queue. */
export const RECONCILED_LOG = {
  message: 'objects reconciled',
  fields: ['marked', 'removed', 'nothing', 'postponed'],
} as const;

/** Once per execution of autoexpunge: what went, or would go in a dry run. */
export const SWEPT_LOG = { message: 'autoexpunge done' } as const;

/** The same of purge-mailboxes. */
export const PURGED_LOG = { message: 'purge done' } as const;

/**
 * Once per purge of mailboxes, where there is a backup gate: how many deleted trees are old enough
 * and wait for a backup, and how many days the oldest has waited since it became old enough. Both
 * are 0 when none waits, which ends the alarm.
 */
export const BACKUP_WAIT_LOG = {
  message: 'trees waiting for backup',
  metric: 'TreesWaitingForBackupDays',
  fields: { trees: 'trees', oldestWaitDays: 'oldestWaitDays' },
} as const;
