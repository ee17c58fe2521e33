/** Requests about quota and settings: owners see them, administrators change them. */
import { z } from 'zod';
import type { MailSettings } from '../mail-settings.ts';
import { type BodyOf, DRY_RUN, nameList, request, textParameter } from './form.ts';

export const SHOW_QUOTA = request({
  method: 'GET',
  path: 'quota',
  does: 'Says what the account uses, and may use',
  for: 'owners and administrators',
});

export const SET_QUOTA = request({
  method: 'PUT',
  path: 'quota',
  does: 'Sets how much the account may use',
  for: 'administrators',
  body: z.strictObject({
    limitBytes: z
      .int('allowed is a whole number of bytes, or null for no limit')
      .nullable()
      .describe('bytes of all messages together; `null` is no limit'),
  }),
});
export type SetQuotaRequest = BodyOf<typeof SET_QUOTA>;

export const RECOUNT_QUOTA = request({
  method: 'POST',
  path: 'quota/recount',
  does: 'Counts again what the account uses, and says what the counters were off by',
  for: 'administrators',
  query: { cursor: textParameter('`next` of an answer for which time ran out') },
});

/** The core understands settings, and says which is wrong. */
const whole = z.unknown().describe('a whole document, see [settings](settings.md)');

const change = z.strictObject({
  set: z
    .unknown()
    .describe(
      'members that replace those there are, see [settings](settings.md); settings of mailboxes by name and member',
    )
    .optional(),
  unset: nameList('settings that go').exactOptional(),
  unsetMailboxes: nameList('names or patterns of mailboxes whose settings go').exactOptional(),
});
export type ChangeSettingsRequest = Readonly<Omit<z.infer<typeof change>, 'set'>> & {
  readonly set?: MailSettings;
};

export const SHOW_SETTINGS = request({
  method: 'GET',
  path: 'settings',
  does: 'Shows the settings of each level, and what follows from all',
  for: 'owners and administrators',
});

export const REPLACE_SETTINGS = request({
  method: 'PUT',
  path: 'settings',
  does: 'Puts a document in the place of all settings of the account',
  for: 'administrators',
  body: whole,
});

export const CHANGE_SETTINGS = request({
  method: 'PATCH',
  path: 'settings',
  does: 'Changes settings of the account; its dry run says what becomes of mail, with counts',
  for: 'administrators',
  query: DRY_RUN,
  body: change,
});

const domain = '/v1/admin/domains/:domain/settings';

export const SHOW_DOMAIN_SETTINGS = request({
  method: 'GET',
  path: domain,
  does: 'Shows the settings of a domain',
});

export const REPLACE_DOMAIN_SETTINGS = request({
  method: 'PUT',
  path: domain,
  does: 'Puts a document in the place of all settings of a domain',
  body: whole,
});

export const CHANGE_DOMAIN_SETTINGS = request({
  method: 'PATCH',
  path: domain,
  does: 'Changes settings of a domain; its dry run says what becomes of mail in its accounts, some at a time, with counts',
  query: { ...DRY_RUN, cursor: textParameter('of a dry run: `next` of the answer before') },
  body: change,
});

export const APPLY_DOMAIN_SETTINGS = request({
  method: 'POST',
  path: `${domain}/apply`,
  does: 'Brings what deployment and domain say to the mailboxes that there are',
  query: { cursor: textParameter('`next` of the answer before') },
});
