/** A file that is one message. */
import { INBOX } from '../../functions/contract/mailbox-names.ts';
import { encodingReason } from './mail-form.ts';
import {
  type MailSource,
  mailboxPath,
  note,
  noUids,
  problem,
  type SourceItem,
} from './mail-source.ts';
import type { MboxInput } from './mbox-input.ts';
import { sizeReason } from './message-file.ts';
import { headerFields, parseMailDate } from './message-header.ts';

/** Message files have no names that must stay the same: there is only this one. */
const NAME = 'message';

/** @param mailbox into which it goes; INBOX when missing */
export function openMessage(input: MboxInput, mailbox: string = INBOX): MailSource {
  return {
    format: 'message',
    folders: [
      {
        mailbox: mailboxPath(mailbox.split('/')),
        messages: 1,
        uids: noUids,
        read: () => readOne(input),
      },
    ],
    subscriptions: [],
    problems: [],
    beside: [],
    close: () => input.file.close(),
  };
}

async function* readOne({ path, file, cut, modifiedAt }: MboxInput): AsyncGenerator<SourceItem> {
  const { size } = await file.stat();
  const tooLarge = sizeReason(size);
  const raw = tooLarge === undefined ? await wholeOf(file, size) : Buffer.alloc(0);
  const changed = raw.length === size ? undefined : 'changed while the import ran';
  const broken = cut === undefined ? changed : `is not whole: ${cut}`;
  const reason = tooLarge ?? broken ?? encodingReason(raw);
  if (reason !== undefined) {
    yield problem(path, reason);
    return;
  }
  const sentAt = parseMailDate(headerFields(raw, ['date']).get('date'));
  const internalDate = sentAt ?? modifiedAt;
  yield { kind: 'message', name: NAME, raw, internalDate, flags: [], keywords: [], source: path };
  if (sentAt === undefined)
    yield note('has a message without a date that can be read in its header');
}

async function wholeOf(file: MboxInput['file'], sizeBytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, 0);
  return buffer.subarray(0, bytesRead);
}
