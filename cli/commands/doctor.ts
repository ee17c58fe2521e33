/** `lethe doctor` */
import type { DoctorCheck } from '../../functions/contract/api.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { withProgress } from '../output/long-work.ts';
import { type Field, printList } from '../output/records.ts';
import { counted, safe } from '../output/text.ts';

const FIELDS: readonly Field<DoctorCheck>[] = [
  { name: 'what', label: 'check', value: ({ what }) => what },
  { name: 'kind', value: ({ kind }) => kind },
  { name: 'ok', label: 'state', value: ({ ok }) => ok, shown: ({ ok }) => (ok ? 'ok' : 'failed') },
  { name: 'error', value: ({ error }) => error },
  { name: 'detail', value: ({ detail }) => detail },
  { name: 'next', value: ({ next }) => next },
];

/** In a table, what does not fit a line follows below it. */
const TABLE_FIELDS = FIELDS.slice(0, 4);

/** Ends with 0 when a deletion would get through, with 78 when something must be fixed first. */
export async function runDoctor({ io, format, client }: Context): Promise<number> {
  const api = await client();
  const work = { io, title: 'Check from inside' };
  const { healthy, checks } = await withProgress(work, () => api.doctor());
  const fields = format === 'table' ? TABLE_FIELDS : FIELDS;
  await printList(io, format, onePage(checks), fields);
  if (format === 'table') await printDetails(io, checks);
  const servers = checks.filter(({ kind }) => kind !== 'table').length;
  const failed = checks.filter(({ ok }) => !ok).length;
  await writeLine(
    io.stderr,
    servers === 0
      ? 'No mail servers are configured: a deletion ends no sessions.'
      : `${counted(servers, 'mail server')} configured.`,
  );
  if (!healthy) await writeLine(io.stderr, `${counted(failed, 'check')} failed.`);
  return healthy ? EXIT.ok : EXIT.config;
}

async function printDetails(io: Context['io'], checks: readonly DoctorCheck[]): Promise<void> {
  for (const { what, ok, detail, next } of checks) {
    await writeLine(io.stdout, `\n${safe(what)}: ${safe(detail)}`);
    if (!ok && next !== undefined) await writeLine(io.stdout, `  -> ${safe(next)}`);
  }
}

async function* onePage<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}
