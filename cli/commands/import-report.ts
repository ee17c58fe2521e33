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

/** Only where there is something to count: most often there is not. */
const EXTRA: Field<MailboxReport> = {
  name: 'parity.extra',
  label: 'also there',
  value: ({ parity }) => parity?.extra || undefined,
  shown: ({ parity }) => (parity?.extra ? count(parity.extra) : ''),
};

/** Sizes and digests of both sides are in `-f json`. */
const PARITY: readonly Field<MailboxReport>[] = [
  number('parity.missing', ({ parity }) => parity?.missing),
  EXTRA,
  {
    name: 'parity.otherUids',
    label: 'UIDs',
    value: ({ parity }) => parity?.otherUids,
    shown: uidsOf,
  },
];

function uidsOf({ parity }: MailboxReport): string {
  const { otherUids, withoutUid = 0 } = parity ?? {};
  if (otherUids === undefined) return '';
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
  await tellBeside(io, beside);
  for (const { mailbox, notes } of mailboxes) {
    for (const note of notes) await writeLine(io.stderr, `note: ${safe(mailbox)} ${safe(note)}`);
  }
  const compared = mailboxes.some(({ parity }) => parity !== undefined);
  const counters = mode === 'read' ? [DRY_RUN, ...COUNTERS] : COUNTERS;
  const fields = compared ? [...counters, ...PARITY] : counters;
  await printList(io, format, onePage(mailboxes), fields);
  if (compared) await tellParity(io, report);
}

/** What lies beside mail is alike in most folders: the same is told once. */
async function tellBeside(io: Out['io'], beside: ImportReport['beside']): Promise<void> {
  const alike = new Map<string, string[]>();
  for (const { source, reason } of beside) {
    alike.set(reason, [...(alike.get(reason) ?? []), source]);
  }
  const told = [...alike].slice(0, PROBLEMS_TOLD_MAX);
  for (const [reason, [first = '', ...others]] of told) {
    const more = others.length === 0 ? '' : ` (and ${count(others.length)} like it)`;
    await writeLine(io.stderr, `no mail: ${safe(first)}${more} ${safe(reason)}`);
  }
  const named = told.reduce((sum, [, sources]) => sum + sources.length, 0);
  if (named < beside.length) {
    await writeLine(io.stderr, `no mail: ${count(beside.length - named)} more`);
  }
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
