/** Makes messages of many kinds with a real MIME library. */
import MailComposer from 'nodemailer/lib/mail-composer';
import { LANGUAGES, type Language } from './mail-texts.ts';
import type { SeededRandom } from './seeded-random.ts';

type MailOptions = ConstructorParameters<typeof MailComposer>[0] & object;
type Attachment = NonNullable<MailOptions['attachments']>[number];

/** What a message is, by how many in a thousand. */
const KINDS = [
  ['plain', 400],
  ['alternative', 230],
  ['attachment', 150],
  ['large attachment', 2],
  ['inline image', 40],
  ['forwarded', 50],
  ['calendar', 40],
  ['eight-bit', 38],
  ['no message id', 30],
  ['many recipients', 20],
] as const;
export type MessageKind = (typeof KINDS)[number][0];

const ATTACHMENT_BYTES = [
  [300, 20],
  [4_000, 30],
  [20_000, 25],
  [60_000, 15],
  [120_000, 6],
  [200_000, 4],
] as const;
const LARGE_ATTACHMENT_BYTES = 1_000_000;

const MEDIA = [
  ['pdf', 'application/pdf'],
  ['jpg', 'image/jpeg'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['zip', 'application/zip'],
  ['csv', 'text/csv'],
] as const;

const DOMAINS = ['example.com', 'example.org', 'example.net', 'mail.example.edu'] as const;

/** References beyond this are cut from the middle, as mail programs do. */
const REFERENCES_MAX = 60;

const THREADS_MAX = 40;

interface Thread {
  readonly language: Language;
  readonly subject: string;
  readonly references: string[];
}

export interface MadeMessage {
  readonly kind: MessageKind;
  readonly raw: Buffer;
}

export class MessageMaker {
  readonly #random: SeededRandom;
  readonly #user: string;
  readonly #attachments = new Map<number, Buffer>();
  readonly #threads: Thread[] = [];
  /** Goes into the next forwarded message. */
  #lastSmall: Buffer | undefined;

  /** @param user address of the mailbox's owner */
  constructor(random: SeededRandom, user: string) {
    this.#random = random;
    this.#user = user;
  }

  /** @param outgoing whether the owner wrote it */
  async make(date: Date, outgoing: boolean): Promise<MadeMessage> {
    const random = this.#random;
    const kind = random.pickWeighted(KINDS);
    const language = random.chance(0.5) ? LANGUAGES[0] : random.pick(LANGUAGES);
    if (kind === 'eight-bit') return { kind, raw: this.#eightBit(date, language) };
    const options = { ...this.#envelope(date, language, outgoing), ...this.#body(kind, language) };
    const composed = await new MailComposer(options).compile().build();
    const raw = kind === 'no message id' ? withoutMessageId(composed) : composed;
    if (raw.length < 20_000) this.#lastSmall = raw;
    return { kind, raw };
  }

  #envelope(date: Date, language: Language, outgoing: boolean): MailOptions {
    const random = this.#random;
    const other = this.#address(language);
    const owner = { name: 'John Demo', address: this.#user };
    const messageId = `<${random.hex(16)}.${date.getTime()}@${random.pick(DOMAINS)}>`;
    return {
      from: outgoing ? owner : other,
      to: outgoing ? [other] : [owner],
      date,
      messageId,
      ...this.#thread(messageId, language),
      // Maildirs hold bare line feeds mostly; what came another way has both.
      newline: random.chance(0.7) ? 'linux' : 'win',
      baseBoundary: random.hex(16),
      textEncoding: random.chance(0.5) ? 'Q' : 'B',
      disableFileAccess: true,
      disableUrlAccess: true,
    };
  }

  #address(language: Language): { name: string; address: string } {
    const random = this.#random;
    const box = `${language.code}.${random.hex(4)}`;
    return { name: random.pick(language.names), address: `${box}@${random.pick(DOMAINS)}` };
  }

  /** Half of all mail belongs to a thread, and one in ten to the first, which grows long. */
  #thread(messageId: string, language: Language): MailOptions {
    const random = this.#random;
    const [longest] = this.#threads;
    const thread = random.chance(0.1)
      ? longest
      : random.chance(0.4)
        ? this.#threads[random.integer(0, this.#threads.length - 1)]
        : undefined;
    if (thread === undefined) {
      const subject = random.pick(language.subjects);
      this.#threads.push({ language, subject, references: [messageId] });
      // The first thread stays; the oldest of the others makes room.
      if (this.#threads.length > THREADS_MAX) this.#threads.splice(1, 1);
      return { subject };
    }
    const references = [...thread.references];
    const inReplyTo = references.at(-1) ?? messageId;
    thread.references.push(messageId);
    if (thread.references.length > REFERENCES_MAX) thread.references.splice(1, 1);
    return { subject: `${thread.language.reply}${thread.subject}`, inReplyTo, references };
  }

  #body(kind: MessageKind, language: Language): MailOptions {
    const text = this.#text(language);
    switch (kind) {
      case 'alternative':
        return { text, html: html(text, language) };
      case 'attachment':
        return {
          text,
          attachments: Array.from({ length: this.#random.integer(1, 3) }, () => this.#attachment()),
        };
      case 'large attachment':
        return { text, attachments: [this.#attachment(LARGE_ATTACHMENT_BYTES)] };
      case 'inline image':
        return this.#inlineImage(text, language);
      case 'forwarded':
        return { text, attachments: this.#forwarded() };
      case 'calendar':
        return { text, icalEvent: { method: 'REQUEST', content: this.#event(language) } };
      case 'many recipients':
        return { text, cc: Array.from({ length: 40 }, () => this.#address(language)) };
      default:
        return { text };
    }
  }

  #text(language: Language): string {
    const paragraphs = Array.from({ length: this.#random.integer(1, 6) }, () =>
      Array.from({ length: this.#random.integer(1, 5) }, () =>
        this.#random.pick(language.sentences),
      ).join(' '),
    );
    return `${paragraphs.join('\n\n')}\n`;
  }

  #inlineImage(text: string, language: Language): MailOptions {
    const cid = `${this.#random.hex(8)}@example.com`;
    const image = this.#attachment(4_000);
    return {
      text,
      html: html(text, language, `<img src="cid:${cid}" alt="">`),
      attachments: [{ ...image, filename: 'logo.png', contentType: 'image/png', cid }],
    };
  }

  #forwarded(): Attachment[] {
    const content = this.#lastSmall;
    if (content === undefined) return [this.#attachment()];
    return [{ contentType: 'message/rfc822', filename: 'forwarded.eml', content }];
  }

  /** Contents are made once for each size: what takes time is random bytes, not MIME. */
  #attachment(sizeBytes: number = this.#random.pickWeighted(ATTACHMENT_BYTES)): Attachment {
    const [extension, contentType] = this.#random.pick<readonly [string, string]>(MEDIA);
    const name = this.#random.pick(['Report', 'Größenübersicht', '見積書', 'scan 0001', 'a"b;c']);
    let content = this.#attachments.get(sizeBytes);
    if (content === undefined) {
      content = this.#random.bytes(sizeBytes);
      this.#attachments.set(sizeBytes, content);
    }
    return { filename: `${name}.${extension}`, contentType, content };
  }

  #event(language: Language): string {
    const day = `202${this.#random.integer(4, 6)}0${this.#random.integer(1, 9)}1${this.#random.integer(0, 9)}`;
    return [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//Example//Demo//EN',
      'METHOD:REQUEST',
      'BEGIN:VEVENT',
      `UID:${this.#random.hex(12)}@example.com`,
      `DTSTAMP:${day}T080000Z`,
      `DTSTART:${day}T093000Z`,
      `DTEND:${day}T103000Z`,
      `SUMMARY:${this.#random.pick(language.subjects)}`,
      `ORGANIZER:mailto:organizer@example.com`,
      `ATTENDEE;RSVP=TRUE:mailto:${this.#user}`,
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n');
  }

  /** Raw UTF-8 or Latin-1 in headers and body, without any encoding, as old programs sent it. */
  #eightBit(date: Date, language: Language): Buffer {
    const latin = this.#random.chance(0.5);
    const words = latin ? 'Gr\u00fc\u00dfe aus M\u00fcnchen' : this.#random.pick(language.subjects);
    const head = [
      `From: ${latin ? 'J\u00f6rg' : this.#random.pick(language.names)} <legacy@example.com>`,
      `To: ${this.#user}`,
      `Subject: ${words}`,
      `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
      `Message-ID: <${this.#random.hex(20)}@legacy.example.com>`,
      'MIME-Version: 1.0',
      `Content-Type: text/plain; charset=${latin ? 'iso-8859-1' : 'utf-8'}`,
      'Content-Transfer-Encoding: 8bit',
    ];
    const body = latin ? `${words}, wie abgemacht. \u00a9\n` : this.#text(language);
    return Buffer.from(`${head.join('\n')}\n\n${body}`, latin ? 'latin1' : 'utf8');
  }
}

function html(text: string, { code }: Language, extra = ''): string {
  const direction = code === 'ar' ? 'rtl' : 'ltr';
  const paragraphs = text
    .trim()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .split('\n\n')
    .map((paragraph) => `<p>${paragraph}</p>`);
  return `<!doctype html><html lang="${code}" dir="${direction}"><body>${paragraphs.join('')}${extra}</body></html>`;
}

/** The library always writes one; some senders do not. */
function withoutMessageId(raw: Buffer): Buffer {
  return Buffer.from(
    raw.toString('latin1').replace(/^Message-ID:.*\r?\n(?:[ \t].*\r?\n)*/im, ''),
    'latin1',
  );
}
