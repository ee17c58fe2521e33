/** What an import tells: a line for each mailbox, what was skipped, and whether both sides agree. */
import type { Context } from '../context.ts';
import type { MailboxReport } from '../import/import-mailbox.ts';
import { isAllThere } from '../import/parity.ts';
import type { ImportMode, ImportReport } from '../import/run-import.ts';
import { writeLine } from '../io.ts';
import { type Field, printList } from '../output/records.ts';
import { count, counted, safe, size } from '../output/text.ts';

/** Problems told one by one; `-f json` has up to a thousand. */
const PROBLEMS_TOLD_MAX = 20;

type Out = Pick<Context, 'io' | 'format'>;

const number = (
  name: string,
  value: (report: MailboxReport) => number | undefined,
): Field<MailboxReport> => ({
  name,
  value,
  shown: (report) => count(value(report) ?? 0),
});

const COUNTERS: readonly Field<MailboxReport>[] = [
  { name: 'mailbox', value: ({ mailbox }) => mailbox },
  number('stored', ({ stored }) => stored),
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
  number('present', ({ present }) => present),
  number('skipped', ({ skipped }) => skipped),
];

/** `stored` is then what would be stored in an empty account. */
const DRY_RUN: Field<MailboxReport> = { name: 'dryRun', value: () => true };

const DIGEST_SHOWN = 12;

const PARITY: readonly Field<MailboxReport>[] = [
  number('sourceMessages', ({ parity }) => parity?.source.messages),
  number('targetMessages', ({ parity }) => parity?.target.messages),
  number('sourceBytes', ({ parity }) => parity?.source.bytes),
  number('targetBytes', ({ parity }) => parity?.target.bytes),
  digest('sourceDigest', ({ parity }) => parity?.source.digest),
  digest('targetDigest', ({ parity }) => parity?.target.digest),
  { name: 'uids', value: uidsOf },
  number('missing', ({ parity }) => parity?.missing),
];

function digest(
  name: string,
  value: (report: MailboxReport) => string | undefined,
): Field<MailboxReport> {
  return { name, value, shown: (report) => (value(report) ?? '').slice(0, DIGEST_SHOWN) };
}

function uidsOf({ parity }: MailboxReport): string | undefined {
  if (parity === undefined) return undefined;
  const { otherUids, withoutUid = 0 } = parity;
  if (otherUids === undefined) return 'new';
  const given = otherUids + withoutUid;
  return given === 0 ? 'kept' : `${given} new`;
}

/** @param format of the source, for instance `Maildir` */
export async function printReport(
  { io, format }: Out,
  sourceFormat: string,
  report: ImportReport,
  mode: ImportMode,
): Promise<void> {
  const { mailboxes, problems, beside, skipped } = report;
  if (format === 'json') {
    const { failure, ...numbers } = report;
    const complete = failure === undefined && !io.interruption().aborted;
    const answer = { format: sourceFormat, dryRun: mode === 'read', complete, ...numbers };
    const told = { problems: problems.map(withoutKind), beside: beside.map(withoutKind) };
    await writeLine(io.stdout, JSON.stringify({ ...answer, ...told }, undefined, 2));
    return;
  }
  for (const { source, reason } of problems.slice(0, PROBLEMS_TOLD_MAX)) {
    await writeLine(io.stderr, `skipped: ${safe(source)} ${safe(reason)}`);
  }
  const untold = Math.max(0, skipped - PROBLEMS_TOLD_MAX);
  if (untold > 0) await writeLine(io.stderr, `skipped: ${count(untold)} more`);
  for (const { source, reason } of beside.slice(0, PROBLEMS_TOLD_MAX)) {
    await writeLine(io.stderr, `no mail: ${safe(source)} ${safe(reason)}`);
  }
  const unnamed = beside.length - PROBLEMS_TOLD_MAX;
  if (unnamed > 0) await writeLine(io.stderr, `no mail: ${count(unnamed)} more`);
  for (const { mailbox, notes } of mailboxes) {
    for (const note of notes) await writeLine(io.stderr, `note: ${safe(mailbox)} ${safe(note)}`);
  }
  const compared = mailboxes.some(({ parity }) => parity !== undefined);
  const counters = mode === 'read' ? [DRY_RUN, ...COUNTERS] : COUNTERS;
  const fields = compared ? [...counters, ...PARITY] : counters;
  await printList(io, format, onePage(mailboxes), fields);
  if (compared) await tellParity(io, report);
}

async function* onePage<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}

const withoutKind = ({ source, reason }: Told): Told => ({ source, reason });

interface Told {
  readonly source: string;
  readonly reason: string;
}

/** Equal is said only where all that the source holds on disk is there. */
async function tellParity(io: Out['io'], report: ImportReport): Promise<void> {
  let others = false;
  for (const { mailbox, parity, skipped } of report.mailboxes) {
    if (parity === undefined) continue;
    const { missing, extra, otherUids = 0 } = parity;
    others ||= extra > 0;
    if (extra > 0) {
      const many = counted(extra, 'message');
      await writeLine(
        io.stderr,
        `also there: ${safe(mailbox)} holds ${many} that the source has not`,
      );
    }
    if (isAllThere(parity) && skipped === 0) continue;
    const lacks = missing > 0 ? [`lacks ${counted(missing, 'message')} of the source`] : [];
    const left = skipped > 0 ? [`has ${count(skipped)} of the source left out`] : [];
    const uids = otherUids > 0 ? [`has ${counted(otherUids, 'message')} under another UID`] : [];
    const said = [...lacks, ...left, ...uids].join(' and ');
    await writeLine(io.stderr, `not equal: ${safe(mailbox)} ${said}`);
  }
  const loose = report.mailboxes.reduce((left, { skipped }) => left - skipped, report.skipped);
  if (loose > 0) {
    const line = `not equal: ${count(loose)} of the source is left out and in no mailbox`;
    await writeLine(io.stderr, line);
  }
  if (!report.equal) return;
  const said = others ? 'all of the source is there' : 'both sides are equal';
  await writeLine(io.stderr, `parity: ${said}`);
}
