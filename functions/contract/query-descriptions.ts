/**
 * What each member of a query means, in one place: options and help of the command line, and the
 * documentation, follow from it. The types are those of query-api.ts; the core understands them.
 */
import type { MessageQuery, RestoreQuery } from './query-api.ts';

/** How a value is written: a time as `{"secondsAgo": 86400}` or `{"at": "2026-11-01T00:00:00Z"}`. */
type TermForm = 'text' | 'bytes' | 'seconds' | 'time' | 'true' | 'query' | 'queries';

interface QueryDescription {
  readonly form: TermForm;
  /** In one sentence without its end, lower case. */
  readonly means: string;
  /** Option of the command line, without its dashes. */
  readonly option?: string;
}

/** What a human looks for in a message, expunged or not. */
export const CONTENT_TERMS = {
  subject: { form: 'text', means: 'the subject contains this', option: 'subject' },
  from: { form: 'text', means: 'the sender contains this', option: 'from' },
  to: { form: 'text', means: 'the header To contains this', option: 'to-address' },
  cc: { form: 'text', means: 'the header Cc contains this', option: 'cc' },
  recipient: { form: 'text', means: 'To or Cc contains this', option: 'recipient' },
  messageId: { form: 'text', means: 'the Message-ID contains this', option: 'message-id' },
  flag: { form: 'text', means: 'has this system flag, such as \\Flagged', option: 'flag' },
  keyword: { form: 'text', means: 'has this keyword', option: 'keyword' },
  larger: { form: 'bytes', means: 'more bytes than this', option: 'larger' },
  smaller: { form: 'bytes', means: 'fewer bytes than this', option: 'smaller' },
} as const satisfies Readonly<Record<string, QueryDescription>>;

export const MESSAGE_TERMS: { readonly [N in keyof Required<MessageQuery>]: QueryDescription } = {
  mailbox: {
    form: 'text',
    means: 'path of the mailbox, or a pattern: * is any name, % one level',
    option: 'mailbox',
  },
  ...CONTENT_TERMS,
  all: { form: 'true', means: 'all messages there', option: 'all' },
  savedBefore: {
    form: 'time',
    means: 'came into the mailbox earlier than this',
    option: 'saved-before',
  },
  savedSince: {
    form: 'time',
    means: 'came into the mailbox not earlier than this',
    option: 'saved-since',
  },
  savedOn: { form: 'time', means: 'came into the mailbox on the UTC day of this time' },
  before: { form: 'time', means: 'internal date earlier than this', option: 'before' },
  since: { form: 'time', means: 'internal date not earlier than this', option: 'since' },
  sentBefore: { form: 'time', means: 'the header Date says earlier than this' },
  olderSeconds: { form: 'seconds', means: 'internal date at least so long ago' },
  youngerSeconds: { form: 'seconds', means: 'internal date less than so long ago' },
  not: { form: 'query', means: 'what this query does not mean' },
  or: { form: 'queries', means: 'what any of these queries means' },
};

export const RESTORE_TERMS: { readonly [N in keyof Required<RestoreQuery>]: QueryDescription } = {
  origin: {
    form: 'text',
    means: 'the folder that it was expunged from, or a pattern',
    option: 'origin',
  },
  ...CONTENT_TERMS,
  expungedBefore: {
    form: 'time',
    means: 'expunged earlier than this',
    option: 'expunged-before',
  },
  expungedSince: {
    form: 'time',
    means: 'expunged not earlier than this',
    option: 'expunged-since',
  },
  before: { form: 'time', means: 'internal date earlier than this', option: 'before' },
  since: { form: 'time', means: 'internal date not earlier than this', option: 'since' },
};
