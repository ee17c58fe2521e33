/** Arguments and expectations of each verb, as the scenario format has them. */
import { z } from 'zod';
import type { Step } from './scenario.ts';

const TEXT = z.string();
const TEXTS = z.array(TEXT);
const COUNT = z.int().min(0);
const UIDS = z.array(z.int().min(1));
const YES = z.boolean();
const DATE = z.iso.datetime({ offset: true });
/** Queries are looked at by Lethe itself. */
const ANYTHING = z.unknown();

const MESSAGES = z.array(
  z.strictObject({
    uid: COUNT.optional(),
    message: TEXT.optional(),
    flags: TEXTS.optional(),
    keywords: TEXTS.optional(),
    internalDate: DATE.optional(),
    savedAgo: z.number().optional(),
    guid: TEXT.optional(),
  }),
);

const QUOTA = {
  storageKiB: COUNT.optional(),
  messages: COUNT.optional(),
  limitKiB: COUNT.optional(),
};

const DELETED = z.array(
  z.strictObject({ mailbox: TEXT, deletion: TEXT.optional(), messages: MESSAGES.optional() }),
);

type Shape = Readonly<Record<string, z.ZodType>>;

const FLAGS: Shape = {
  mailbox: TEXT,
  uids: UIDS,
  flags: TEXTS.optional(),
  keywords: TEXTS.optional(),
};

const COPY: Shape = { from: TEXT, uids: UIDS, to: TEXT };
const COPY_ANY: Shape = {
  from: TEXT.optional(),
  fromDeletion: TEXT.optional(),
  uids: UIDS,
  to: TEXT,
};
/** One of them. */
const PLACE: Shape = { mailbox: TEXT.optional(), deletion: TEXT.optional() };
const MAILBOX: Shape = { mailbox: TEXT };
const BY_QUERY: Shape = { query: ANYTHING, to: TEXT, createTarget: YES.optional() };
const APPEND: Shape = {
  mailbox: TEXT.optional(),
  message: TEXT,
  flags: TEXTS.optional(),
  keywords: TEXTS.optional(),
  internalDate: DATE.optional(),
  size: COUNT.optional(),
  savedSecondsAgo: COUNT.optional(),
  guid: TEXT.optional(),
};

/** Arguments, then members of `expect`. */
const VERBS: Readonly<Record<string, readonly [Shape, Shape]>> = {
  create: [MAILBOX, {}],
  append: [APPEND, { uid: COUNT.optional() }],
  deliver: [APPEND, { uid: COUNT.optional() }],
  copy: [COPY_ANY, { newUids: UIDS.optional() }],
  move: [COPY, { newUids: UIDS.optional() }],
  addFlags: [FLAGS, { changed: UIDS.optional() }],
  removeFlags: [FLAGS, { changed: UIDS.optional() }],
  expunge: [
    { mailbox: TEXT, uids: UIDS.optional(), readOnly: YES.optional() },
    { expunged: UIDS.optional() },
  ],
  pop3Session: [{ delete: UIDS, quit: YES.optional() }, {}],
  deleteMailbox: [
    {
      mailbox: TEXT,
      deletion: TEXT.optional(),
      recursive: YES.optional(),
      requireEmpty: YES.optional(),
      unsubscribe: YES.optional(),
      bypassExpungeStorage: YES.optional(),
    },
    {},
  ],
  deleteAccount: [{ deletions: z.record(TEXT, TEXT) }, {}],
  restoreMailbox: [
    // Of a tree, a part; beyond the format, as is overQuota.
    {
      deletion: TEXT,
      to: TEXT.optional(),
      toUser: TEXT.optional(),
      path: TEXT.optional(),
      overQuota: YES.optional(),
    },
    { to: TEXT.optional() },
  ],
  setDeleteAfter: [{ mailbox: TEXT, days: COUNT }, {}],
  deletedName: [
    { deletion: TEXT },
    { prefix: TEXT.optional(), path: TEXT.optional(), suffixIsDeletionTime: YES.optional() },
  ],
  renameMailbox: [{ from: TEXT, to: TEXT }, {}],
  subscribe: [MAILBOX, {}],
  setAcl: [{ mailbox: TEXT, identifier: TEXT, rights: TEXT }, {}],
  setQuota: [{ bytes: COUNT.nullable() }, {}],
  recountQuota: [{}, {}],
  advance: [{ seconds: z.number().optional(), days: z.number().optional() }, {}],
  autoexpunge: [{}, {}],
  breakExpungeStorage: [{}, {}],
  repairExpungeStorage: [{}, {}],
  search: [{ query: ANYTHING }, { messages: TEXTS.optional(), count: COUNT.optional() }],
  expungeByQuery: [
    {
      query: ANYTHING,
      users: TEXT.nullable().optional(),
      bypassExpungeStorage: YES.optional(),
      ignoreAcl: YES.optional(),
      deleteEmptied: YES.optional(),
    },
    {},
  ],
  copyByQuery: [BY_QUERY, { newUids: UIDS.optional() }],
  moveByQuery: [BY_QUERY, { newUids: UIDS.optional() }],
  reclaimStorage: [{}, {}],
  unexpunge: [
    {
      mailbox: TEXT,
      uids: UIDS.optional(),
      all: YES.optional(),
      expungedWithinSeconds: COUNT.optional(),
      clearDeleted: YES.optional(),
      addKeyword: TEXT.optional(),
    },
    { restored: z.array(z.tuple([COUNT, COUNT])).optional(), count: COUNT.optional() },
  ],
  expungedMessages: [PLACE, { uids: UIDS.optional(), count: COUNT.optional() }],
  purgeDeleted: [
    {
      olderThanDays: z.number().min(0).optional(),
      olderThanSeconds: z.number().min(0).optional(),
      users: TEXT.nullable().optional(),
      ignoreOwnRetention: YES.optional(),
    },
    { removed: TEXTS.optional() },
  ],
  deleteDeleted: [{ deletion: TEXT }, {}],
  purgeExpunged: [
    { olderThanDays: z.number().min(0), users: TEXT.nullable().optional() },
    { removed: COUNT.optional() },
  ],
  snapshot: [
    { ignoreFlags: TEXTS.optional() },
    {
      mailboxes: z.record(TEXT, MESSAGES).optional(),
      deleted: DELETED.optional(),
      uidNext: z.record(TEXT, COUNT).optional(),
      quota: z.strictObject(QUOTA).optional(),
    },
  ],
  messages: [MAILBOX, { messages: MESSAGES.optional() }],
  list: [{ patterns: TEXTS }, { mailboxes: TEXTS.optional(), placeholders: TEXTS.optional() }],
  subscriptions: [{}, { mailboxes: TEXTS.optional() }],
  status: [
    PLACE,
    { messages: COUNT.optional(), unseen: COUNT.optional(), uidNext: COUNT.optional() },
  ],
  open: [PLACE, { access: z.enum(['readWrite', 'readOnly']).optional() }],
  rights: [MAILBOX, { rights: TEXT.optional() }],
  acl: [MAILBOX, { entries: z.record(TEXT, TEXT).optional() }],
  quota: [{}, QUOTA],
  uidValidity: [
    {
      mailbox: TEXT,
      remember: TEXT.optional(),
      sameAs: TEXT.optional(),
      differsFrom: TEXT.optional(),
    },
    {},
  ],
  storedCopies: [{ message: TEXT }, { count: COUNT.optional() }],
};

/** Every step may have them. */
const COMMON = ['do', 'label', 'user', 'as', 'expect', 'deviates', 'deviation'];

/**
 * A member that the format does not have is an error, not a thing to pass over: a check that is
 * not made would count as passed.
 * @throws Error naming the members that are wrong
 */
export function checkStep(step: Step): void {
  const [argumentsOf, answersOf] = VERBS[step.do] ?? [];
  if (argumentsOf === undefined || answersOf === undefined) {
    throw new Error(`the scenario format has no verb ${step.do}`);
  }
  const given = Object.entries(step).filter(([name]) => !COMMON.includes(name));
  check(`arguments of ${step.do}`, argumentsOf, Object.fromEntries(given));
  const expected = { error: TEXT.optional(), ...answersOf };
  if (step.expect !== undefined) check(`expect of ${step.do}`, expected, step.expect);
}

function check(what: string, shape: Shape, value: object): void {
  const parsed = z.strictObject(shape).safeParse(value);
  if (!parsed.success) throw new Error(`${what}: ${z.prettifyError(parsed.error)}`);
}
