import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const DECLARATION =
  /^(export )?(?:async )?(?:abstract )?(?:const|function\*?|class|interface|type) ([A-Za-z_$][\w$]*)(?::[^=]+)?(?: = ([^;\n]+);)?/gm;

/** The one name that the platform asks for: what Lambda calls. */
const ENTRY = 'handler';

/** How much at once, how often, how long: each place has its own, whether or not it is the same. */
const TUNED = /^(PAGE|PARALLEL|BATCH|FIXED|TRIES|ROUNDS|WAIT)_[A-Z_]+$/;

interface Declared {
  readonly file: string;
  readonly name: string;
  readonly exported: boolean;
  readonly value: string | undefined;
}

function declaredIn(file: string, code: string): Declared[] {
  return [...code.matchAll(DECLARATION)].map(([, exported, name = '', value]) => ({
    file,
    name,
    exported: exported !== undefined,
    value,
  }));
}

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'functions', 'cdk'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file.endsWith('.ts'));
const declared = files.flatMap((file) => declaredIn(file, readFileSync(file, 'utf8')));

/** Names that others can import, and that stand for something else as well. */
function ambiguous(all: readonly Declared[]): string[] {
  return [...Map.groupBy(all, ({ name }) => name)]
    .filter(([name, places]) => {
      const where = new Set(places.map(({ file }) => file));
      return name !== ENTRY && where.size > 1 && places.some(({ exported }) => exported);
    })
    .map(([name, places]) => `${name}: ${places.map(({ file }) => file).join(', ')}`);
}

/** Constants that are written down in several places, with the same value. */
function repeated(all: readonly Declared[]): string[] {
  const constants = all.filter(
    ({ name, value }) => /^[A-Z][A-Z0-9_]+$/.test(name) && value !== undefined && !TUNED.test(name),
  );
  return [...Map.groupBy(constants, ({ name, value }) => `${name} = ${value}`)]
    .filter(([, places]) => new Set(places.map(({ file }) => file)).size > 1)
    .map(([constant, places]) => `${constant}: ${places.map(({ file }) => file).join(', ')}`);
}

describe('one name means one thing', () => {
  test('an exported name is declared nowhere else', () => {
    expect(declared.length).toBeGreaterThan(1500);
    expect(ambiguous(declared)).toEqual([]);
  });

  test('a constant has one home', () => {
    expect(repeated(declared)).toEqual([]);
  });

  test('error names are written down in one place', () => {
    const home = 'functions/contract/error-names.ts';
    const names = [...readFileSync(home, 'utf8').matchAll(/'([A-Z][A-Za-z]+Error)'/g)].map(
      ([, name]) => name,
    );
    expect(names.length).toBeGreaterThan(20);
    const found = files
      .filter((file) => file !== home)
      .flatMap((file) => {
        const code = readFileSync(file, 'utf8');
        return names.filter((name) => code.includes(`'${name}'`)).map((name) => `${file}: ${name}`);
      });
    expect(found).toEqual([]);
  });

  test('the rules see what they are for', () => {
    const one = declaredIn(
      'a.ts',
      'export interface Entry {\n}\nconst UID_MAX = 7;\nconst OWN = 1;\n',
    );
    const two = declaredIn('b.ts', 'type Entry = string;\nconst UID_MAX = 7;\nconst OWN = 2;\n');
    expect(ambiguous([...one, ...two])).toEqual(['Entry: a.ts, b.ts']);
    expect(repeated([...one, ...two])).toEqual(['UID_MAX = 7: a.ts, b.ts']);
  });
});
