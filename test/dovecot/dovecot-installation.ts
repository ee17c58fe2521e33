/** Whether a real Dovecot can be run here; installs Debian's where that is possible. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DovecotInstallation {
  readonly dovecot: string;
  readonly doveadm: string;
}

/** The configuration that tests write is that of 2.3; 2.4 has another syntax. */
const VERSION = /^2\.3\./;

const PACKAGES = ['dovecot-core', 'dovecot-imapd'];
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * The installed Dovecot, or why there is none. Tests that need one are skipped then, visibly.
 * @throws Error instead, under CI: there nothing may be skipped
 */
export function findDovecot(): { readonly found?: DovecotInstallation; readonly missing?: string } {
  let found = installed();
  if (found === undefined && process.getuid?.() === 0) {
    install();
    found = installed();
  }
  const problem =
    found === undefined
      ? 'Dovecot 2.3 with IMAP is not installed (apt-get install dovecot-core dovecot-imapd)'
      : versionProblem(found);
  if (found !== undefined && problem === undefined) return { found };
  if (process.env['CI'] !== undefined) throw new Error(problem);
  process.stderr.write(`tests with a real Dovecot are skipped: ${problem}\n`);
  return { missing: problem ?? 'unknown' };
}

function installed(): DovecotInstallation | undefined {
  const dovecot = ['/usr/sbin/dovecot', '/usr/local/sbin/dovecot'].find(existsSync);
  const doveadm = ['/usr/bin/doveadm', '/usr/local/bin/doveadm'].find(existsSync);
  const imap = ['/usr/lib/dovecot/imap', '/usr/local/libexec/dovecot/imap'].some(existsSync);
  return dovecot !== undefined && doveadm !== undefined && imap ? { dovecot, doveadm } : undefined;
}

function versionProblem({ dovecot }: DovecotInstallation): string | undefined {
  const version = spawnSync(dovecot, ['--version'], { encoding: 'utf8' }).stdout.trim();
  return VERSION.test(version) ? undefined : `Dovecot ${version} is installed; tests need 2.3`;
}

/** Test files run side by side: whoever waited for another's installation has nothing left to do. */
const INSTALL = `test -x /usr/sbin/dovecot && test -x /usr/lib/dovecot/imap || {
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends ${PACKAGES.join(' ')}
}`;

/** As root only, without anything else that might be asked; the service itself is not started. */
function install(): void {
  const options = {
    stdio: 'ignore',
    timeout: INSTALL_TIMEOUT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  } as const;
  const lock = join(tmpdir(), 'lethe-apt-get.lock');
  spawnSync('flock', [lock, 'sh', '-c', INSTALL], options);
}
