/** `lethe mailbox deleted` */
import type { DeletedItem, DeletedMember } from '../../functions/contract/folder-api.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Field, printList } from '../output/records.ts';
import { shortDate } from '../output/text.ts';
import { CONTENT_FIELDS, SIZE_FIELDS } from './folder-fields.ts';

const PURGE: Field<Pick<DeletedItem, 'purgeAfter'>> = {
  name: 'purgeAfter',
  label: 'purged',
  isWhole: true,
  value: ({ purgeAfter = 'never' }) => purgeAfter,
  shown: ({ purgeAfter }) => (purgeAfter === undefined ? 'never' : shortDate(purgeAfter)),
};

const DELETIONS: readonly Field<DeletedItem>[] = [
  { name: 'deletionId', label: 'deletion', isWhole: true, value: ({ deletionId }) => deletionId },
  { name: 'path', label: 'mailbox', value: ({ path }) => path },
  {
    name: 'deletedAt',
    label: 'deleted',
    value: ({ deletedAt }) => deletedAt,
    shown: ({ deletedAt }) => shortDate(deletedAt),
    isWhole: true,
  },
  // Nothing special: that it is deleted is why it is in the list.
  {
    name: 'state',
    value: ({ state }) => state,
    shown: ({ state }) => (state === 'deleted' ? '' : state),
  },
  ...SIZE_FIELDS,
  PURGE,
  // Only with a backup gate, and only until a backup holds it.
  {
    name: 'waitsForBackup',
    value: ({ waitsForBackup }) => waitsForBackup,
    shown: ({ waitsForBackup }) => (waitsForBackup === true ? 'waits for a backup' : ''),
  },
];

const MEMBERS: readonly Field<DeletedMember>[] = [
  { name: 'path', label: 'mailbox', value: ({ path }) => path },
  ...CONTENT_FIELDS,
  { name: 'uidNext', value: ({ uidNext }) => uidNext },
  { name: 'uidValidity', value: ({ uidValidity }) => uidValidity },
  { name: 'name', value: ({ name }) => name },
  PURGE,
];

export interface DeletedOptions {
  readonly user: string;
  readonly deletion?: string;
}

export async function listDeleted(
  { io, format, client }: Context,
  { user, deletion }: DeletedOptions,
): Promise<number> {
  const door = (await client()).door(user);
  if (deletion === undefined) await printList(io, format, door.deleted(), DELETIONS);
  else await printList(io, format, door.deletedMembers(deletion), MEMBERS);
  return EXIT.ok;
}
