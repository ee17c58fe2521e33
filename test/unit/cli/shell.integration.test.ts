/** Completion and the manual page, as shells and man read them. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from './support/run-cli.ts';
import { temporaryDirectory, useTemporaryDirectories } from './support/temporary-directory.ts';

useTemporaryDirectories();

const has = (program: string): boolean => {
  try {
    execFileSync('which', [program]);
    return true;
  } catch {
    return false;
  }
};

/** The script of a shell, in a file. */
async function scriptFor(shell: string): Promise<string> {
  const { exitCode, stdout } = await runCli(['completion', shell]);
  expect(exitCode).toBe(0);
  const file = join(await temporaryDirectory(), 'lethe-completion');
  await writeFile(file, stdout);
  return file;
}

/** What bash offers for the last of the words. */
async function bashOffers(...words: readonly string[]): Promise<readonly string[]> {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `source '${await scriptFor('bash')}'
    COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}
    _lethe; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
  return out.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  test('offers commands, then those below them, then options', async () => {
    expect(await bashOffers('lethe', 'me')).toEqual(['message']);
    expect(await bashOffers('lethe', 'message', 'un')).toEqual(['unexpunge']);
    expect(await bashOffers('lethe', 'user', 'delete', '--d')).toEqual(['--dry-run']);
    const all = await bashOffers('lethe', '');
    expect(all).toEqual(expect.arrayContaining(['user', 'import', 'completion', '--url', '-f']));
  });

  test('finds the command behind options and operands, and options of the program everywhere', async () => {
    const words = ['lethe', '--local', 'x', 'message', 'search', '-u', 'john@example.com'];
    expect(await bashOffers(...words, '--sub')).toEqual(['--subject']);
    expect(await bashOffers(...words, '--form')).toEqual(['--format']);
  });

  test('offers the values that are allowed, and leaves the others to the shell', async () => {
    expect(await bashOffers('lethe', '-f', '')).toEqual(['flow', 'table', 'json']);
    expect(await bashOffers('lethe', 'certificate', 'verify', '--key', '')).toEqual([]);
  });

  test('does not offer what is only kept for whoever has learnt it', async () => {
    expect(await bashOffers('lethe', 'message', 'copy', '--fr')).toEqual([]);
  });
});

test.skipIf(!has('zsh'))('zsh takes the script', async () => {
  const load = `autoload -U compinit && compinit -u; source '${await scriptFor('zsh')}'; whence _lethe`;
  expect(execFileSync('zsh', ['-fc', load], { encoding: 'utf8' })).toBe('_lethe\n');
});

test.skipIf(!has('fish'))('fish offers commands and options with what they do', async () => {
  const file = await scriptFor('fish');
  const offers = (line: string) =>
    execFileSync('fish', ['-N', '-c', `source '${file}'; complete -C '${line}'`], {
      encoding: 'utf8',
    });
  expect(offers('lethe mess')).toBe('message\tmessages of a user\n');
  expect(offers('lethe message unex')).toContain('unexpunge\trestore what was expunged in place');
  expect(offers('lethe user delete --dry')).toContain('--dry-run\tshow what would be erased');
  expect(offers('lethe user add --dry')).toBe('');
});

test('another shell is refused with those that there are', async () => {
  const { exitCode, stderr } = await runCli(['completion', 'tcsh']);
  expect(exitCode).toBe(64);
  expect(stderr).toContain('bash, zsh, fish');
});

describe('the manual page', () => {
  test('says every command with its options, and shows its examples as they stand', async () => {
    const { stdout } = await runCli(['man']);
    expect(stdout).toContain('.SS lethe message search');
    expect(stdout).toContain(String.raw`\fB\-\-subject <text>\fR`);
    expect(stdout).toContain(String.raw`lethe message flag \-u john@example.com`);
    expect(stdout).toContain(String.raw`'\eSeen'`);
  });

  test.skipIf(!has('groff'))('is read by groff without a warning', async () => {
    const { stdout: page } = await runCli(['man']);
    const { stdout, stderr } = await read(page);
    expect(stderr).toBe('');
    expect(stdout).toContain('lethe user delete <user>');
    expect(stdout).toContain('Exit codes: 0 done');
  });
});

async function read(page: string): Promise<{ stdout: string; stderr: string }> {
  const { spawnSync } = await import('node:child_process');
  const { stdout, stderr } = spawnSync('groff', ['-man', '-Tascii', '-ww', '-P-cbou'], {
    input: page,
    encoding: 'utf8',
  });
  return { stdout, stderr };
}
