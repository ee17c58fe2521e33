/**
 * What programs write into the headers of messages in an mbox to remember flags. These lines are the
 * store's, not the mail's: they change whenever somebody reads a message. So they become flags and
 * keywords and are taken out, as Dovecot and Thunderbird do; a message is then the same message
 * whenever its mbox is read.
 */
import { encodeModifiedUtf7 } from './modified-utf7.ts';

export interface Marks {
  readonly flags: readonly string[];
  /** As they are written; not all of them can be kept. */
  readonly keywords: readonly string[];
}

const STATUS: Readonly<Record<string, string>> = { R: '\\Seen' };

/** Letters of `X-Status`. */
export const X_STATUS: Readonly<Record<string, string>> = {
  A: '\\Answered',
  F: '\\Flagged',
  D: '\\Deleted',
  T: '\\Draft',
};

/** Bits of `X-Mozilla-Status`. What is expunged stays in the file until it is compacted. */
const MOZILLA: readonly (readonly [number, string])[] = [
  [0x0001, '\\Seen'],
  [0x0002, '\\Answered'],
  [0x0004, '\\Flagged'],
  [0x0008, '\\Deleted'],
];
const MOZILLA_FORWARDED = 0x1000;

/** Labels of Gmail that are flags and keywords of IMAP (RFC 8457 for $Important). */
const GMAIL: Readonly<Record<string, Marks>> = {
  opened: { flags: ['\\Seen'], keywords: [] },
  starred: { flags: ['\\Flagged'], keywords: [] },
  drafts: { flags: ['\\Draft'], keywords: [] },
  draft: { flags: ['\\Draft'], keywords: [] },
  trash: { flags: ['\\Deleted'], keywords: ['Trash'] },
  spam: { flags: [], keywords: ['$Junk'] },
  important: { flags: [], keywords: ['$Important'] },
  unread: { flags: [], keywords: [] },
};

/** Lines of the store, each with the only form in which it is one: other mail has such names, too. */
const OWN: Readonly<Record<string, RegExp>> = {
  status: /^[RONUD]{0,5}$/,
  'x-status': /^[AFDTPN]{0,6}$/,
  'x-keywords': /^/,
  'x-uid': /^\d+$/,
  'x-imapbase': /^\d+ \d+/,
  'x-imap': /^\d+ \d+/,
  'content-length': /^\d+$/,
  'x-mozilla-status': /^[0-9a-f]{1,8}$/i,
  'x-mozilla-status2': /^[0-9a-f]{1,8}$/i,
  'x-mozilla-keys': /^/,
  'x-gmail-labels': /^/,
};

export interface OwnFields {
  /** Without the lines of the store. */
  readonly raw: Buffer;
  /** The first value of each, by its name in lower case. */
  readonly values: ReadonlyMap<string, string>;
}

/** A field with the lines that continue it; or the end of the header. */
const FIELDS = /(?:[^\r\n]*(?:\r?\n|$))(?:[ \t][^\r\n]*(?:\r?\n|$))*/y;

/** Takes the lines of the store out of a header. */
export function takeOwnFields(raw: Buffer, headerBytesMax: number): OwnFields {
  const head = raw.toString('latin1', 0, Math.min(raw.length, headerBytesMax));
  const values = new Map<string, string>();
  const parts: Buffer[] = [];
  let kept = 0;
  FIELDS.lastIndex = 0;
  for (let at = 0; at < head.length; at = FIELDS.lastIndex) {
    FIELDS.lastIndex = at;
    const field = FIELDS.exec(head)?.[0] ?? '';
    if (field === '' || /^\r?\n/.test(field)) break;
    const [, name = '', value = ''] = /^([^:\s]+):([\s\S]*)$/.exec(field) ?? [];
    const key = name.toLowerCase();
    const text = value.replace(/\r?\n[ \t]+/g, ' ').trim();
    if (OWN[key]?.test(text) !== true) continue;
    if (!values.has(key)) values.set(key, text);
    parts.push(raw.subarray(kept, at));
    kept = at + field.length;
  }
  if (parts.length === 0) return { raw, values };
  return { raw: Buffer.concat([...parts, raw.subarray(kept)]), values };
}

/** Flags and keywords that the lines of the store stand for. */
export function marksOf(values: ReadonlyMap<string, string>): Marks {
  const value = (name: string): string => values.get(name) ?? '';
  const mozilla = Number.parseInt(value('x-mozilla-status') || '0', 16);
  const labels = gmailLabels(value('x-gmail-labels')).map(labelMarks);
  const flags = [
    ...letters(value('status'), STATUS),
    ...letters(value('x-status'), X_STATUS),
    ...MOZILLA.flatMap(([bit, flag]) => ((mozilla & bit) === 0 ? [] : [flag])),
    ...labels.flatMap((marks) => marks.flags),
  ];
  const keywords = [
    ...words(value('x-keywords')),
    ...((mozilla & MOZILLA_FORWARDED) === 0 ? [] : ['$Forwarded']),
    ...words(value('x-mozilla-keys')),
    ...labels.flatMap((marks) => marks.keywords),
  ];
  return { flags: [...new Set(flags)], keywords: [...new Set(keywords)] };
}

const letters = (text: string, table: Readonly<Record<string, string>>): string[] =>
  [...new Set(text)].flatMap((letter) => table[letter] ?? []);

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** `Inbox,Opened,"Bills, paid"`, encoded (RFC 2047) where a label has other letters than ASCII. */
export function gmailLabels(value: string): string[] {
  const text = decodeWords(value);
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|[^,]+/g)]
    .map(([whole, quoted]) => (quoted ?? whole).replace(/\\(.)/g, '$1').trim())
    .filter((label) => label !== '');
}

/** A label that is no flag is a keyword: in modified UTF-7, with an underscore for each space. */
function labelMarks(label: string): Marks {
  const known = GMAIL[label.toLowerCase()];
  if (known !== undefined) return known;
  return { flags: [], keywords: [encodeModifiedUtf7(label).replace(/ /g, '_')] };
}

const WORD = /=\?utf-8\?([bq])\?([^?]*)\?=(?:\s+(?==\?))?/gi;

/** Joined before they are decoded: a character may be cut in two between encoded words. */
function decodeWords(value: string): string {
  const runs = value.replace(/(?:=\?utf-8\?[bq]\?[^?]*\?=\s*)+/gi, (run) => {
    const bytes = [...run.matchAll(WORD)].map(([, encoding = '', text = '']) =>
      encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : quotedPrintable(text),
    );
    return Buffer.concat(bytes).toString('utf8');
  });
  return runs;
}

const quotedPrintable = (text: string): Buffer =>
  Buffer.from(
    text
      .replaceAll('_', ' ')
      .replace(/=([0-9a-f]{2})/gi, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      ),
    'latin1',
  );
