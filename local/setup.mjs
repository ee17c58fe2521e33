// Makes node_modules right before anything else runs: every npm script that needs packages calls
// this file first. Plain JavaScript without a dependency, because it runs on whatever Node the
// machine has (20 or newer), before the project's own Node 24 is there.
//
// Everything it says goes to standard error: standard output belongs to the command that follows.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Type stripping without a flag came with Node 22.18, import.meta.main with 24.2. */
const OLDEST_NODE = [24, 2];
/** `npm ci` on a slow line took 4 minutes at most; another process may be in the middle of one. */
const LOCK_WAIT_SECONDS = 600;
const LOCK_POLL_MILLISECONDS = 250;
/** npm repeats the cause at the end of what it prints; the last 20,000 characters hold it. */
const KEPT_OUTPUT_CHARACTERS = 20_000;

const FAILURES = [
  {
    pattern: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network|proxy/i,
    says: 'The package registry could not be reached.',
    fix: 'check the network (and the proxy or registry settings: npm config list), then run the same command again.',
  },
  {
    pattern: /package\.json and package-lock\.json .*in sync|EUSAGE/i,
    says: 'package.json and package-lock.json do not belong together.',
    fix: 'restore both files from the repository, or run: npm install --package-lock-only',
  },
  {
    pattern: /ENOSPC/i,
    says: 'The disk is full.',
    fix: 'free about 1 GB, then run the same command again.',
  },
  {
    pattern: /EACCES|EPERM/i,
    says: 'Files under node_modules may not be written.',
    fix: 'make the folder yours (chown -R "$USER" node_modules), then run the same command again.',
  },
];

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(says, fix) {
  say(`Setup failed: ${says}`);
  say(`  Fix: ${fix}`);
  process.exit(1);
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The stamp names what is installed and for which platform: a copied tree of another one is wrong. */
function expectedStamp(root) {
  const lockFile = join(root, 'package-lock.json');
  if (!existsSync(lockFile)) {
    fail(
      `${lockFile} is missing.`,
      'restore it from the repository (git checkout package-lock.json).',
    );
  }
  const hash = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  return `${hash} ${process.platform}-${process.arch}\n`;
}

function stampPath(root) {
  return join(root, 'node_modules', '.lethe-setup');
}

function stampMatches(root, stamp) {
  try {
    return readFileSync(stampPath(root), 'utf8') === stamp && nodeLooksInstalled(root);
  } catch {
    return false;
  }
}

/** A look without starting anything, so that a call with nothing to do stays under 100 ms. */
function nodeLooksInstalled(root) {
  return existsSync(join(root, 'node_modules', '.bin', 'node')) || isNewEnough(process.version);
}

/**
 * True when npm's own record of what it installed agrees with package-lock.json, so that a tree
 * that someone made with `npm install` is not thrown away and downloaded again.
 */
function installedTreeMatches(root) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (wanted === undefined || installed === undefined) {
    return false;
  }
  for (const [path, entry] of Object.entries(installed)) {
    const other = wanted[path];
    if (other?.version !== entry.version || other?.integrity !== entry.integrity) {
      return false;
    }
  }
  // What is wanted but absent may only be an optional package: one for another platform.
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' || entry.optional === true || entry.link === true || path in installed,
  );
}

function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

/** The Node that npm scripts get is node_modules/.bin/node where its package exists for this platform. */
function checkNode(root) {
  const bundled = join(root, 'node_modules', '.bin', 'node');
  const result = spawnSync(bundled, ['--version'], { encoding: 'utf8' });
  const version = result.status === 0 ? result.stdout.trim() : process.version;
  if (!isNewEnough(version)) {
    fail(
      `Lethe needs Node ${OLDEST_NODE.join('.')} or newer to run; this is ${version} on ${process.platform}-${process.arch}.`,
      'install Node 24 and put it first on the PATH (a package brings it along on Linux x64 and arm64 only; there, check that npm installs optional dependencies: npm config get omit).',
    );
  }
}

async function runNpmCi(root) {
  say(
    'Installing the packages of package-lock.json with npm ci (a minute or two the first time) ...',
  );
  const startedAt = Date.now();
  let output = '';
  const status = await new Promise((done) => {
    // Warnings are left out: on Node 20 npm warns of each package that wants a newer Node, which
    // the packages themselves bring.
    const child = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk) => {
      process.stderr.write(chunk);
      output = (output + chunk).slice(-KEPT_OUTPUT_CHARACTERS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => done(error));
    child.on('close', (code, signal) => done(code ?? signal));
  });
  if (status instanceof Error) {
    fail(
      `npm could not be started (${status.message}).`,
      'install Node 20 or newer together with npm, and check that npm is on the PATH.',
    );
  }
  if (status !== 0) {
    const known = FAILURES.find(({ pattern }) => pattern.test(output));
    fail(
      `npm ci ended with ${status}. ${known?.says ?? 'Its messages are above.'}`,
      known?.fix ?? 'see the messages above, then run the same command again.',
    );
  }
  say(`Packages installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** A lock directory whose maker died is stale; one without a pid is, once a minute has passed. */
function isStale(lock) {
  const pid = readJson(join(lock, 'pid'));
  if (typeof pid === 'number') {
    return !isRunning(pid);
  }
  try {
    return Date.now() - statSync(lock).mtimeMs > 60_000;
  } catch {
    return false;
  }
}

/** Two npm ci at once in one tree destroy each other: the second waits for the first. */
async function withLock(root, action) {
  const lock = join(root, '.lethe', 'setup.lock');
  mkdirSync(dirname(lock), { recursive: true });
  const polls = Math.ceil((LOCK_WAIT_SECONDS * 1000) / LOCK_POLL_MILLISECONDS);
  for (let poll = 0; poll <= polls; poll += 1) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      process.on('exit', () => rmSync(lock, { recursive: true, force: true }));
      return await action();
    } catch (error) {
      if (error.code !== 'EEXIST') {
        throw error;
      }
    }
    if (isStale(lock)) {
      rmSync(lock, { recursive: true, force: true });
    } else {
      if (poll === 0) {
        say('Another process is installing packages here; waiting for it ...');
      }
      await new Promise((done) => setTimeout(done, LOCK_POLL_MILLISECONDS));
    }
  }
  fail(
    `another process has held ${lock} for ${LOCK_WAIT_SECONDS} s.`,
    `if no npm runs in this folder, remove it: rm -r ${lock}`,
  );
}

async function main() {
  const rootFlag = process.argv.indexOf('--root');
  const here = dirname(dirname(fileURLToPath(import.meta.url)));
  const root = rootFlag === -1 ? here : resolve(process.argv[rootFlag + 1] ?? here);
  const stamp = expectedStamp(root);
  if (stampMatches(root, stamp)) {
    return;
  }
  await withLock(root, async () => {
    if (stampMatches(root, stamp)) {
      return;
    }
    if (!installedTreeMatches(root)) {
      await runNpmCi(root);
    }
    checkNode(root);
    writeFileSync(stampPath(root), stamp);
  });
}

// An interrupt must run the exit handler that gives the lock back.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, () => process.exit(code));
}

await main();
