/**
 * The whole of Lethe in one run: starts the embedded AWS, deploys the app, imports a mailbox,
 * deletes the user, shows the certificate and the empty listings, and stops what it started.
 *
 *   npm run demo                      a mailbox made for the purpose
 *   npm run demo -- path/to/Maildir   a mailbox of yours (it is only read)
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Instance, resetInstance, sdkOptions, startInstance } from '../local/instance.ts';
import { machineNow } from '../local/machine-clock.ts';
import { LETHE_DIRECTORY } from '../local/project-paths.ts';
import { type Listing, listAccount } from './listing.ts';
import { DEFAULT_MESSAGES, makeMailbox } from './make-mailbox.ts';

const USER = 'john@example.com';
/** The other account's address begins like the first one's: it must not be touched. */
const NEIGHBOUR = 'john@example.com.au';
const CLI = join(import.meta.dirname, '..', 'cli', 'lethe.ts');
const SHOWN = process.stdout.isTTY ? (text: string) => `\u001b[1m${text}\u001b[0m` : String;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const heading = (title: string): void => say(`\n${SHOWN(`== ${title}`)}`);

/** Runs a `lethe` command as a user would; answers what it printed. */
async function lethe(instance: Instance, ...words: string[]): Promise<string> {
  say(SHOWN(`$ lethe ${words.join(' ')}`));
  const child = spawn(process.execPath, [CLI, '--local', instance.directory, ...words], {
    env: instance.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    printed += text;
    process.stdout.write(text);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', reject);
  });
  if (code !== 0) throw new Error(`lethe ${words[0]} ended with exit code ${code}`);
  return printed;
}

function showListing(name: string, listing: Listing): void {
  const { versions, deleteMarkers, uploads, accountRows } = listing;
  say(
    `${name}: ${versions} object versions, ${deleteMarkers} delete markers, ` +
      `${uploads} multipart uploads, ${accountRows} rows in the account's partition`,
  );
}

const accountIdIn = (printed: string): string => {
  const { accountId } = JSON.parse(printed) as { readonly accountId: string };
  return accountId;
};

async function run(instance: Instance, mailbox: string, workDirectory: string): Promise<void> {
  const options = sdkOptions(instance);
  heading('Two accounts, and mail for both');
  const accountId = accountIdIn(await lethe(instance, '-f', 'json', 'user', 'add', USER));
  const neighbourId = accountIdIn(await lethe(instance, '-f', 'json', 'user', 'add', NEIGHBOUR));
  await lethe(instance, 'import', '-u', USER, mailbox);
  const few = join(workDirectory, 'few');
  await makeMailbox({ directory: few, messages: 20, seed: 7 });
  await lethe(instance, 'import', '-u', NEIGHBOUR, few);
  await lethe(instance, 'mailbox', 'list', '-u', USER);
  showListing(USER, await listAccount(instance.outputs, options, accountId));
  const before = await listAccount(instance.outputs, options, neighbourId);
  showListing(NEIGHBOUR, before);

  heading('Delete the user: first what it would do, then for real');
  await lethe(instance, 'user', 'delete', USER, '--dry-run');
  const printed = await lethe(instance, '-f', 'json', 'user', 'delete', USER, '--yes');
  const { operationId } = JSON.parse(printed) as { readonly operationId: string };

  heading('The certificate, and its check with nothing but the public key');
  const certificate = join(workDirectory, 'certificate.json');
  const key = join(workDirectory, 'certificate-key.pem');
  await writeFile(key, await lethe(instance, 'certificate', 'key'));
  await lethe(instance, 'certificate', 'show', operationId, '--out', certificate);
  await lethe(instance, 'certificate', 'verify', certificate, '--key', key);

  heading('What is left, as listed straight from S3 and DynamoDB');
  const left = await listAccount(instance.outputs, options, accountId);
  showListing(USER, left);
  const after = await listAccount(instance.outputs, options, neighbourId);
  showListing(NEIGHBOUR, after);
  const empty = Object.values(left).every((count) => count === 0);
  if (!empty) throw new Error('something of the deleted account is left');
  if (JSON.stringify(after) !== JSON.stringify(before)) {
    throw new Error('the other account was touched');
  }
  say('Nothing of the deleted account is left; the other account is as it was.');
}

async function main(): Promise<void> {
  const started = machineNow();
  const directory = join(LETHE_DIRECTORY, 'demo');
  const workDirectory = await mkdtemp(join(tmpdir(), 'lethe-demo-'));
  let instance: Instance | undefined;
  const stop = async (): Promise<void> => {
    await instance?.stop();
    await resetInstance(directory);
    await rm(workDirectory, { recursive: true, force: true });
  };
  // The instance's guard ends it also when this process is killed; this is the tidy way.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop().finally(() => process.exit(130)));
  }
  try {
    heading('The embedded AWS');
    await resetInstance(directory);
    instance = await startInstance({ directory, owner: process.pid, log: say });
    const [given] = process.argv.slice(2);
    let mailbox = given;
    if (mailbox === undefined) {
      heading(`A mailbox of ${DEFAULT_MESSAGES} messages`);
      mailbox = join(workDirectory, 'Maildir');
      await makeMailbox({ directory: mailbox, messages: DEFAULT_MESSAGES });
    }
    await run(instance, mailbox, workDirectory);
  } finally {
    heading('Stopping the embedded AWS');
    await stop();
  }
  say(`Done in ${Math.round((machineNow() - started) / 1000)} s.`);
}

await main();
