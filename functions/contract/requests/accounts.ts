/** Requests about accounts as a whole, operations, backups and the service itself. */
import { z } from 'zod';
import type { PurgeRequest } from '../purge.ts';
import {
  address,
  type BodyOf,
  DRY_RUN,
  flagParameter,
  PAGE,
  request,
  textParameter,
} from './form.ts';

export const CREATE_ACCOUNT = request({
  method: 'POST',
  path: '/v1/accounts',
  does: 'Creates an account with its INBOX',
  body: z.strictObject({
    user: address('its main address'),
    aliases: z
      .array(z.string('allowed is an address'), 'allowed is a list of addresses')
      .readonly()
      .describe('other addresses of it')
      .exactOptional(),
    retentionClass: z
      .string('allowed is the name of a class')
      .describe('one of the classes fixed at deployment; the default class when missing')
      .exactOptional(),
  }),
});
export type CreateAccountRequest = BodyOf<typeof CREATE_ACCOUNT>;

export const SHOW_ACCOUNT = request({
  method: 'GET',
  path: '/v1/accounts/:user',
  does: 'Shows an account, and the operation that is not finished',
});

export const DELETE_ACCOUNT = request({
  method: 'DELETE',
  path: '/v1/accounts/:user',
  does: 'Deletes an account with all of its mail: begins an operation, or names the one that runs; its dry run says what is gone for good, and what outlives it elsewhere',
  query: {
    ...DRY_RUN,
    allowUnknownUser: flagParameter('also where the user database does not know the user any more'),
    accountId: textParameter('the account must be this one: an address may have come to another'),
    deleteAfter: textParameter(
      'when the erasure begins, `30d` or a time in ISO 8601: the user is disabled and disconnected at once, and until then it can be undone; of a deletion that waits already, its new time',
    ),
  },
  headers: ['idempotency-key'],
});

export const UNDELETE_ACCOUNT = request({
  method: 'POST',
  path: '/v1/admin/accounts/:user/undelete-user',
  does: 'Takes a deletion back before its erasure begins: gives the user everything as it was',
});

export const DISABLE_ACCOUNT = request({
  method: 'POST',
  path: '/v1/admin/accounts/:user/disable-user',
  does: 'Disables a user by itself: no new logins and no deliveries; mail stays as it is',
});

export const ENABLE_ACCOUNT = request({
  method: 'POST',
  path: '/v1/admin/accounts/:user/enable-user',
  does: 'Enables a user that was disabled by itself',
});

const caseId = z.string('allowed is the id of a case').describe('how the case is called');

export const PLACE_HOLD = request({
  method: 'POST',
  path: '/v1/accounts/:user/holds',
  does: 'Holds an account for a case, so that nothing of it ends: places the hold at once, and begins to protect what is expunged',
  query: DRY_RUN,
  body: z.strictObject({
    caseId,
    reason: z.string('allowed is a text').describe('why; up to 500 bytes'),
    until: z
      .string('allowed is a time in ISO 8601')
      .describe('when it may be released, in ISO 8601; it ends by a release only')
      .exactOptional(),
  }),
});
export type PlaceHoldRequest = BodyOf<typeof PLACE_HOLD>;

export const LIST_HOLDS = request({
  method: 'GET',
  path: '/v1/accounts/:user/holds',
  does: 'Lists the cases that hold an account, and whether all is protected for each',
});

export const RELEASE_HOLD = request({
  method: 'POST',
  path: '/v1/accounts/:user/holds/release',
  does: 'Releases a case; with the last one what was protected gets its whole retention anew',
  query: DRY_RUN,
  body: z.strictObject({ caseId }),
});
export type ReleaseHoldRequest = BodyOf<typeof RELEASE_HOLD>;

export const SHOW_OPERATION = request({
  method: 'GET',
  path: '/v1/operations/:id',
  does: 'Shows an operation: its step, what it has done, what it costs',
});

export const RESUME_OPERATION = request({
  method: 'POST',
  path: '/v1/operations/:id/resume',
  does: 'Goes on with an operation that failed or was stopped',
});

export const SHOW_CERTIFICATE = request({
  method: 'GET',
  path: '/v1/operations/:id/certificate',
  does: 'Gives the signed certificate of an erasure',
});

export const SHOW_CERTIFICATE_KEY = request({
  method: 'GET',
  path: '/v1/certificate-key',
  does: 'Gives the public key that certificates are checked with',
});

/** What these take is said by the core, as of the input of an execution. */
const purging = (means: string) => z.unknown().describe(means).optional();

export const PURGE_MAILBOXES = request({
  method: 'POST',
  path: '/v1/mailboxes/purge',
  does: 'Ends deleted folders for good: in all accounts, of a user, or of a domain',
  query: DRY_RUN,
  body: z.strictObject({
    user: purging('of this user'),
    domain: purging('of this domain'),
    deletionId: purging("this one deletion of the user's, however young it is"),
    olderThanDays: purging(
      'what was deleted at least so many days ago, 0 is everything; as the settings say when missing',
    ),
    olderThanSeconds: purging('the same in seconds, also parts of them'),
    ignoreOwnRetention: purging('also folders with a setting of their own go by what is asked for'),
  } satisfies Record<keyof Omit<PurgeRequest, 'dryRun'>, unknown>),
});

export const LIST_PURGEABLE = request({
  method: 'GET',
  path: '/v1/mailboxes/purge/:id/folders',
  does: 'Names the folders that a dry run of a purge has found, with their users, messages and bytes',
  query: PAGE,
});

const MOMENT_ALLOWED = 'allowed is ISO 8601 with a time and a zone such as 2026-11-22T03:00:00Z';

export const RECORD_BACKUP = request({
  method: 'POST',
  path: '/v1/backups',
  does: 'Records a backup that another tool has completed',
  body: z.strictObject({
    resource: z
      .string('allowed is the name of a resource')
      .describe(
        'what it holds: `mail-bucket`, `registry`, `dictmap`, or `all` of them; all when missing',
      )
      .exactOptional(),
    createdAt: z
      .string(MOMENT_ALLOWED)
      .describe('when it began to read: it holds what had been deleted before'),
    source: z
      .string('allowed is a text')
      .describe('who says so; whoever asks when missing')
      .exactOptional(),
    jobId: z.string('allowed is a text').describe('how that tool calls it').exactOptional(),
  }),
});

export type RecordBackupRequest = BodyOf<typeof RECORD_BACKUP>;

export const SHOW_BACKUPS = request({
  method: 'GET',
  path: '/v1/backups',
  does: 'Shows the backups that are known',
});

export const EXAMINE_SERVICE = request({
  method: 'POST',
  path: '/v1/doctor',
  does: 'Looks whether a deletion would find all that it needs',
});
