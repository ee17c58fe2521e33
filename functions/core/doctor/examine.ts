/** Looking at what Lethe needs from its surroundings, and saying what to fix. */
import type { DoctorAnswer, DoctorCheck } from '../../contract/api.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { MailServer } from '../../contract/mail-servers.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { LetheError } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import { inParallel } from '../rows/parallel.ts';

type DoctorPorts = Pick<Ports, 'rows' | 'mailServers' | 'clock'>;

const PARALLEL_SERVERS = 64;

/** Without a way out of a VPC, a table answers neither yes nor no. */
const TABLE_TIMEOUT_MS = 5000;

/** Resuming is for operations; whoever asks the doctor has none at hand. */
const withoutResume = (next: string): string => next.replace(/, then resume the operation/, '');

/** Checks tables and mail servers, each whatever becomes of the others; changes nothing. */
export async function examine(ports: DoctorPorts): Promise<DoctorAnswer> {
  const { mailServers } = ports;
  const [table, servers] = await Promise.all([
    checkTable(ports),
    inParallel(mailServers.servers, PARALLEL_SERVERS, (server) => checkServer(ports, server)),
  ]);
  const checks = [table, ...servers];
  return { healthy: checks.every(({ ok }) => ok), checks };
}

async function checkTable({ rows, clock }: DoctorPorts): Promise<DoctorCheck> {
  const check = { what: 'registry table', kind: 'table' } as const;
  const late = `no answer within ${TABLE_TIMEOUT_MS / 1000} seconds`;
  try {
    const answered = await Promise.race([
      rows.get(registryKeys.operation('doctor')).then(() => true),
      clock.sleep(TABLE_TIMEOUT_MS).then(() => false),
    ]);
    if (answered) return { ...check, ok: true, detail: 'can be read' };
    return { ...check, ok: false, detail: late, next: TABLE_NEXT };
  } catch (error) {
    const name = error instanceof Error ? error.name : String(error);
    return { ...check, ok: false, detail: 'cannot be read', error: name, next: ROLE_NEXT };
  }
}

const TABLE_NEXT = 'Give the subnets a gateway endpoint for DynamoDB, or a NAT gateway.';

const ROLE_NEXT =
  'Deploy again: the function has lost its right or its table. Its log tells the rest.';

async function checkServer(ports: DoctorPorts, server: MailServer): Promise<DoctorCheck> {
  const check = { what: server.url, kind: server.role };
  try {
    const commands = new Set(await ports.mailServers.commands(server));
    const missing = ['kick', 'who'].filter((command) => !commands.has(command));
    if (missing.length > 0) {
      return {
        ...check,
        ok: false,
        detail: `does not offer ${missing.join(' and ')}`,
        error: ERROR_NAMES.mailServerRefused,
        next: 'Sessions there can be neither seen nor ended: take a Dovecot of 2.3 or later.',
      };
    }
    return { ...check, ok: true, detail: describe(server, commands) };
  } catch (error) {
    if (!(error instanceof LetheError)) throw error;
    const { name, message, next } = error;
    return { ...check, ok: false, detail: message, error: name, next: withoutResume(next) };
  }
}

function describe({ url, role }: MailServer, commands: ReadonlySet<string>): string {
  const parts = ['knows the API key, offers kick and who'];
  if (commands.has('proxyKick')) parts.push('ends proxied sessions');
  if (role === 'backend' && !commands.has('metacacheRemove')) {
    parts.push('cannot remove caches: certificates will name them');
  }
  if (url.startsWith('http:')) parts.push('without TLS: the API key crosses the network in clear');
  return parts.join('; ');
}
