/**
 * A real Dovecot on free ports of 127.0.0.1, without any privilege, with its configuration and mail
 * in a directory of its own. It ends with the process that started it, whatever that dies of.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../local/free-port.ts';
import { signalProcess, waitUntil } from '../../local/processes.ts';
import type { DovecotInstallation } from './dovecot-installation.ts';

export interface DovecotOptions {
  /**
   * Where a user's mail is, `~` being the home; `maildir:~/Maildir` when missing. For instance
   * `maildir:~/Maildir:LAYOUT=fs` or `mdbox:~/mdbox`; with `:UTF-8` names on disk are in UTF-8.
   */
  readonly mailLocation?: string;
  /** Also listens for doveadm over HTTP, with this API key. */
  readonly doveadmApiKey?: string;
  /** Appended to the configuration. */
  readonly extraConfig?: string;
}

export interface DovecotServer {
  readonly imapPort: number;
  /** Only with `doveadmApiKey`. */
  readonly doveadmPort?: number;
  /** Every user's. */
  readonly password: string;
  home(user: string): string;
  /** Runs `doveadm` with the server's configuration; answers its standard output. */
  doveadm(...words: readonly string[]): string;
  /** What it has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

const PASSWORD = 'test-password';
const START_MS = 15_000;
const STOP_MS = 10_000;

/** A port that was free may be taken by the time that Dovecot binds it. */
const TRIES = 3;

/** Dovecot serves nobody's mail as root, so root runs it as this user and group of Debian's. */
const NOBODY = { user: 'nobody', group: 'nogroup', uid: 65_534, gid: 65_534 } as const;

/** Ends Dovecot when its standard input ends, which it does with the process that started it. */
const GUARD = '"$1" -F -c "$2" & child=$!; cat > /dev/null; kill $child; wait $child';

/** @throws Error with the log when it does not come up */
export async function startDovecot(
  installation: DovecotInstallation,
  options: DovecotOptions = {},
): Promise<DovecotServer> {
  let failure: unknown;
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      return await tryStart(installation, options);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function tryStart(
  { dovecot, doveadm }: DovecotInstallation,
  options: DovecotOptions,
): Promise<DovecotServer> {
  const owner = ownerOfMail();
  const directory = await mkdtemp(join(tmpdir(), 'lethe-dovecot-'));
  await chmod(directory, 0o755);
  for (const name of ['run', 'home']) await mkdir(join(directory, name));
  const ports = {
    imap: await findFreePort(),
    ...(options.doveadmApiKey === undefined ? {} : { doveadm: await findFreePort() }),
  };
  const file = join(directory, 'dovecot.conf');
  await writeFile(file, configuration(directory, owner, ports, options));
  if (owner.switch !== undefined) {
    for (const name of ['', 'run', 'home']) {
      await chown(join(directory, name), owner.switch.uid, owner.switch.gid);
    }
  }
  const guard = spawn('/bin/sh', ['-c', GUARD, 'sh', dovecot, file], {
    stdio: ['pipe', 'ignore', 'pipe'],
    ...owner.switch,
  });
  let said = '';
  guard.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const stop = () => stopServer(guard, directory);
  const ended = (): boolean => guard.exitCode !== null;
  await waitUntil(async () => ended() || (await accepts(ports.imap)), START_MS);
  if (ended() || !(await accepts(ports.imap))) {
    const log = await readFile(join(directory, 'dovecot.log'), 'utf8').catch(() => 'no log');
    await stop();
    throw new Error(`Dovecot did not start within ${START_MS} ms:\n${said}\n${log}`);
  }
  return {
    imapPort: ports.imap,
    ...(ports.doveadm === undefined ? {} : { doveadmPort: ports.doveadm }),
    password: PASSWORD,
    home: (user) => join(directory, 'home', user),
    doveadm: (...words) =>
      execFileSync(doveadm, ['-c', file, ...words], { encoding: 'utf8', ...owner.switch }),
    log: () => readFileSync(join(directory, 'dovecot.log'), 'utf8'),
    stop,
  };
}

interface Owner {
  readonly user: string;
  readonly group: string;
  /** Given to processes that are started, where this one is root. */
  readonly switch?: { readonly uid: number; readonly gid: number };
}

function ownerOfMail(): Owner {
  if (process.getuid?.() === 0) {
    const { user, group, uid, gid } = NOBODY;
    return { user, group, switch: { uid, gid } };
  }
  const name = (option: string) => execFileSync('id', [option], { encoding: 'utf8' }).trim();
  return { user: name('-un'), group: name('-gn') };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function stopServer(guard: ChildProcess, directory: string): Promise<void> {
  if (guard.exitCode === null && guard.signalCode === null) {
    const exited = once(guard, 'exit');
    guard.stdin?.end();
    const late = setTimeout(() => signalProcess(guard.pid ?? 0, 'SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(late);
  }
  await rm(directory, { recursive: true, force: true });
}

function configuration(
  directory: string,
  owner: Owner,
  ports: { readonly imap: number; readonly doveadm?: number },
  options: DovecotOptions,
): string {
  const { mailLocation = 'maildir:~/Maildir', doveadmApiKey } = options;
  const doveadm =
    ports.doveadm === undefined
      ? ''
      : `doveadm_api_key = ${doveadmApiKey}
service doveadm {
  inet_listener http {
    address = 127.0.0.1
    port = ${ports.doveadm}
  }
}
`;
  return `# Runs without privilege: no change of root or user anywhere.
base_dir = ${directory}/run
state_dir = ${directory}/run
log_path = ${directory}/dovecot.log
default_internal_user = ${owner.user}
default_internal_group = ${owner.group}
default_login_user = ${owner.user}
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = ${mailLocation}
mailbox_list_index = yes
mail_fsync = never
mail_max_userip_connections = 50
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = static
  args = uid=${owner.user} gid=${owner.group} home=${directory}/home/%u
}
namespace inbox {
  inbox = yes
  separator = /
}
service anvil {
  chroot =
}
service ipc {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = 0
  }
}
${doveadm}${options.extraConfig ?? ''}
`;
}
