/** What a deletion of an account ends for good, and what outlives it elsewhere, in words. */
import type { EstimateAnswer, Remainder } from '../../functions/contract/api.ts';
import { InvalidCertificateError, readCertificate } from '../certificate/verify-certificate.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { type Io, writeLine } from '../io.ts';
import { counted, safe, size } from '../output/text.ts';
import { aftermathWords } from './aftermath.ts';

const GONE_TOO =
  'Deleted folders, expunged mail and older versions go with the rest: nothing can be brought back.';

/** For instance `3,000 messages in 13 mailboxes, 51.8 MB`. */
function contentOf({ counts }: EstimateAnswer): string {
  const { messages = 0, mailboxes = 0, bytes = 0 } = counts;
  return `${counted(messages, 'message')} in ${counted(mailboxes, 'mailbox', 'mailboxes')}, ${size(bytes)}`;
}

/** What is asked before it begins. */
export function deletionStatement(user: string, estimate: EstimateAnswer, after?: string): string {
  const gone = aftermathWords(estimate, user) ?? 'No counter knows a message in it.';
  const what = `This erases ${user}: ${contentOf(estimate)}. ${gone} ${GONE_TOO}`;
  if (after === undefined) return `${what} It cannot be undone.`;
  return `${what} Nothing is erased before ${after}: until then "lethe user undelete ${user}" takes it back.`;
}

/** What is said of a deletion to come besides its counts. */
export async function foretellDeletion(
  { stderr }: Pick<Io, 'stderr'>,
  { remains, freedAddresses = [], reservedAddresses = [] }: EstimateAnswer,
): Promise<void> {
  const say = (line: string) => writeLine(stderr, line);
  await say('What outlives it elsewhere:');
  for (const remainder of remains) await say(`  ${remainderWords(remainder)}`);
  if (freedAddresses.length > 0) {
    await say(`Once it has ended, ${areWords(freedAddresses)} free: no address is reserved.`);
  }
  if (reservedAddresses.length > 0) {
    await say(`Once it has ended, ${areWords(reservedAddresses)} reserved: nobody else gets them.`);
  }
}

const areWords = (addresses: readonly string[]): string =>
  `${addresses.map(safe).join(', ')} ${addresses.length === 1 ? 'is' : 'are'}`;

function remainderWords({ where, days, note }: Remainder): string {
  const long = days === undefined ? '' : ` for ${counted(days, 'day')}`;
  return `${safe(where)}${long}: ${safe(note)}`;
}

/** Of one that has succeeded, by its certificate, whose signature nobody has checked here. */
export async function tellDeletionEnd(context: Context, operationId: string): Promise<void> {
  const { io, client } = context;
  const show = `lethe certificate show ${operationId}`;
  await writeLine(io.stderr, `Gone for good: nothing can be brought back (${show}).`);
  for (const { where, until } of await remainsOf(client, operationId)) {
    const ends = until === undefined ? '' : ` until ${until}`;
    await writeLine(io.stderr, `  outlives it: ${safe(`${where}${ends}`)}`);
  }
}

interface Outliving {
  readonly where: string;
  readonly until?: string;
}

async function remainsOf(
  client: Context['client'],
  operationId: string,
): Promise<readonly Outliving[]> {
  try {
    const signed = await (await client()).certificate(operationId);
    const { remains } = readCertificate(JSON.stringify(signed)).payload;
    return Array.isArray(remains) ? (remains as Outliving[]) : [];
  } catch (error) {
    // The deletion has succeeded: what its certificate says can be looked up at any time.
    if (error instanceof CliError || error instanceof InvalidCertificateError) return [];
    throw error;
  }
}
