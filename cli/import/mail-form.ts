/** What the first bytes of a file say about it. */

/** Enough for the headers that programs write first, and for a long `Received` before them. */
export const HEAD_BYTES = 16 * 1024;

interface Form {
  readonly name: string;
  readonly magic: Buffer;
  readonly wayOut: string;
}

const UNCOMPRESS = 'uncompress it first';

/** Without hard links: a copy on the same file system would be the same file. */
const BACKUP = '-o maildir_copy_with_hardlinks=no backup -u USER maildir:DIR';
const COMPRESSED_BY_DOVECOT = `let Dovecot write it uncompressed first (doveadm -o plugin/zlib_save= ${BACKUP})`;

/**
 * Dovecot and others store mail compressed or encrypted under unchanged names; that is no message.
 * The numbers are those of the formats' own definitions, Dovecot's of `istream-lz4` and `dcrypt`.
 */
const FORMS: readonly Form[] = [
  {
    name: 'encrypted by the mail_crypt plugin of Dovecot',
    magic: Buffer.from('CRYPTED\x03\x07', 'latin1'),
    wayOut: `let Dovecot, which has the keys, write it in the clear first (doveadm -o plugin/mail_crypt_save_version=0 ${BACKUP})`,
  },
  {
    name: 'compressed with lz4 by Dovecot',
    magic: Buffer.from('Dovecot-LZ4\x0d\x2a\x9b\xc5', 'latin1'),
    wayOut: COMPRESSED_BY_DOVECOT,
  },
  compressed('lz4', [0x04, 0x22, 0x4d, 0x18]),
  compressed('gzip', [0x1f, 0x8b]),
  compressed('compress', [0x1f, 0x9d]),
  compressed('zstd', [0x28, 0xb5, 0x2f, 0xfd]),
  compressed('bzip2', [0x42, 0x5a, 0x68]),
  compressed('xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]),
  compressed('lzip', [0x4c, 0x5a, 0x49, 0x50]),
];

function compressed(name: string, magic: readonly number[]): Form {
  return {
    name: `compressed with ${name}`,
    magic: Buffer.from(magic),
    wayOut: `${UNCOMPRESS}, or ${COMPRESSED_BY_DOVECOT}`,
  };
}

const begins = (raw: Buffer, magic: Buffer): boolean => raw.subarray(0, magic.length).equals(magic);

export const isGzip = (head: Buffer): boolean => begins(head, Buffer.from([0x1f, 0x8b]));

/** How zlib (RFC 1950) begins, by its level. */
const ZLIB = [0x01, 0x9c, 0xda];

/** Levels 2 to 5. It is `x^` in ASCII, so what follows decides: text holds no such bytes. */
const ZLIB_OR_TEXT = 0x5e;
const NO_TEXT = /[^\t\n\f\r\x20-\x7e]/;
const LOOKED_AT_BYTES = 64;

function isZlib(raw: Buffer): boolean {
  const [method, flags = 0] = raw;
  if (method !== 0x78) return false;
  if (ZLIB.includes(flags)) return true;
  return flags === ZLIB_OR_TEXT && NO_TEXT.test(raw.toString('latin1', 2, LOOKED_AT_BYTES));
}

/** Why these bytes are no message that can be stored, if so, and what to do about it. */
export function encodingReason(raw: Buffer): string | undefined {
  const form = FORMS.find(({ magic }) => begins(raw, magic));
  if (form !== undefined) return `is ${form.name}: ${form.wayOut}`;
  if (isZlib(raw)) return `is compressed with zlib: ${COMPRESSED_BY_DOVECOT}`;
  return undefined;
}

const FIELD = /^([\x21-\x39\x3b-\x7e]{1,100}):/;
const CONTINUATION = /^[ \t]/;

/** Fields of which a message has at least one; a text with a colon has none of them. */
const KNOWN =
  /^(?:from|to|cc|date|subject|message-id|received|return-path|delivered-to|mime-version|reply-to|sender|x-mozilla-status|x-gm-thrid|x-uid|status|envelope-to|x-original-to)$/i;

/** Reads a header line by line, to tell whether it is one. */
export class HeaderForm {
  #known = 0;
  #lines = 0;

  /** @returns whether the block is over: a header of mail, or other text; undefined: read on */
  add(line: string): boolean | undefined {
    const text = line.replace(/\r?\n$/, '');
    if (text === '') return this.#known > 0;
    this.#lines += 1;
    if (this.#lines > 1 && CONTINUATION.test(text)) return undefined;
    // Some programs leave the line of an mbox in front of the header.
    if (this.#lines === 1 && /^>?From /.test(text)) return undefined;
    const name = FIELD.exec(text)?.[1];
    if (name === undefined) return false;
    if (KNOWN.test(name)) this.#known += 1;
    return undefined;
  }

  /** When there is no more to read. */
  get isHeader(): boolean {
    return this.#known > 0;
  }
}

/** Whether a file begins with the header of a message. */
export function looksLikeMail(head: Buffer): boolean {
  const form = new HeaderForm();
  const lines = head.toString('latin1').split('\n');
  // The last line may be cut.
  for (const line of head.length < HEAD_BYTES ? lines : lines.slice(0, -1)) {
    const verdict = form.add(line);
    if (verdict !== undefined) return verdict;
  }
  return form.isHeader;
}
