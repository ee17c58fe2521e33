import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkMachine, loadMachine } from '../../simulation/asl-interpreter.ts';
import { fail, machine, pass, task } from './small-machines.ts';

const MACHINES = new URL('../../../statemachines/', import.meta.url).pathname;

function refusal(definition: object): string {
  try {
    checkMachine(definition);
  } catch (error) {
    return String(error);
  }
  throw new Error('the definition was accepted');
}

describe('loading a machine', () => {
  const files = readdirSync(MACHINES).filter((file) => file.endsWith('.asl.json'));

  test('there are machines to load', () => {
    expect(files).toContain('delete-account.asl.json');
  });

  test.each(files)('%s uses only what the interpreter acts on', (file) => {
    const definition = loadMachine(`${MACHINES}${file}`, {
      EraseRangesMaxConcurrency: 40,
      SweepMaxConcurrency: 4,
      PurgeMaxConcurrency: 4,
    });
    expect(Object.keys(definition.States).length).toBeGreaterThan(1);
  });

  test('a token outside FunctionName needs its value, and keeps the type of it', () => {
    const file = `${MACHINES}delete-account.asl.json`;
    expect(() => loadMachine(file)).toThrow(/EraseRangesMaxConcurrency.*no value is given/);
    const erase = loadMachine(file, { EraseRangesMaxConcurrency: 7 }).States['Erase ranges'];
    expect(erase).toMatchObject({ MaxConcurrency: 7 });
  });
});

describe('refusing what would be ignored', () => {
  const item = { StartAt: 'P', States: { P: pass() } };
  const distributed = {
    ...item,
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
  };
  const map = (fields: object) =>
    machine({ M: { Type: 'Map', ItemProcessor: item, End: true, ...fields } });

  test.each<[string, object, RegExp]>([
    [
      'an unknown field',
      machine({ A: task('F', { End: true, HeartbeatSeconds: 3 }) }),
      /Heartbeat/,
    ],
    [
      'another integration',
      machine({ A: task('F', { End: true, Resource: 'arn:x' }) }),
      /lambda:invoke/,
    ],
    [
      'a service without its action',
      machine({ A: task('F', { End: true, Resource: 'arn:aws:states:::aws-sdk:backup' }) }),
      /aws-sdk/,
    ],
    [
      'a function that is no token',
      machine({ A: task('F', { End: true, Parameters: { FunctionName: 'x', 'Payload.$': '$' } }) }),
      /must be a token/,
    ],
    [
      'an invocation without payload',
      machine({ A: task('F', { End: true, Parameters: { FunctionName: `\${F}` } }) }),
      /either Payload or Payload/,
    ],
    ['JSONata', machine({ A: pass() }, { QueryLanguage: 'JSONata' }), /only JSONPath/],
    ['variables', machine({ A: pass({ Assign: { a: 1 } }) }), /Assign/],
    ['Parallel', machine({ A: { Type: 'Parallel', Branches: [], End: true } }), /States\.A\.Type/],
    [
      'an intrinsic function',
      machine({ A: pass({ Parameters: { 'a.$': 'States.UUID()' } }) }),
      /States\.UUID/,
    ],
    [
      'wrong arity',
      machine({ A: pass({ Parameters: { 'a.$': 'States.MathAdd(1)' } }) }),
      /takes 2 arguments, 1/,
    ],
    ['a path with a filter', machine({ A: pass({ InputPath: '$.a[?(@.b)]' }) }), /\[\?\(@\.b\)\]/],
    ['a negative index', machine({ A: pass({ InputPath: '$.a[-1]' }) }), /not supported/],
    [
      'an index in ResultPath',
      machine({ A: pass({ ResultPath: '$.a[0]' }) }),
      /may only be made of names/,
    ],
    [
      'a wildcard in SecondsPath',
      machine({ A: { Type: 'Wait', SecondsPath: '$.a[*]', End: true } }),
      /more than one place/,
    ],
    [
      'two ways of waiting',
      machine({ A: { Type: 'Wait', Seconds: 1, SecondsPath: '$.a', End: true } }),
      /exactly one/,
    ],
    [
      'a choice operator',
      machine({
        A: { Type: 'Choice', Choices: [{ Variable: '$.a', StringMatches: '*', Next: 'B' }] },
        B: pass(),
      }),
      /StringMatches/,
    ],
    [
      'an operand of another type',
      machine({
        A: { Type: 'Choice', Choices: [{ Variable: '$.a', StringEquals: 1, Next: 'B' }] },
        B: pass(),
      }),
      /cannot be compared/,
    ],
    [
      'ErrorEquals with States.Runtime',
      machine({ A: task('F', { End: true, Retry: [{ ErrorEquals: ['States.Runtime'] }] }) }),
      /never matched/,
    ],
    [
      'States.ALL in company',
      machine({ A: task('F', { End: true, Retry: [{ ErrorEquals: ['States.ALL', 'X'] }] }) }),
      /stand alone/,
    ],
    [
      'States.ALL before the last retrier',
      machine({
        A: task('F', {
          End: true,
          Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['X'] }],
        }),
      }),
      /last retrier/,
    ],
    ['an item reader', map({ ItemProcessor: distributed, ItemReader: {} }), /ItemReader/],
    ['an item batcher', map({ ItemProcessor: distributed, ItemBatcher: {} }), /ItemBatcher/],
    [
      'express children',
      map({
        ItemProcessor: {
          ...item,
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
        },
      }),
      /ExecutionType/,
    ],
    [
      'results of tolerated failures',
      map({ ItemProcessor: distributed, ToleratedFailureCount: 1 }),
      /drop its result/,
    ],
    [
      'a state inside a processor',
      map({ ItemProcessor: { StartAt: 'P', States: { P: pass({ Foo: 1 }) } } }),
      /Foo/,
    ],
  ])('%s', (_, definition, reason) => {
    expect(refusal(definition)).toMatch(reason);
  });
});

describe('refusing what AWS refuses', () => {
  test.each<[string, object, RegExp]>([
    ['a missing target', machine({ A: pass({ End: undefined, Next: 'B' }) }), /no state "B"/],
    ['an unreachable state', machine({ A: pass(), B: pass() }), /"B" cannot be reached/],
    ['no end', machine({ A: { Type: 'Pass' } }), /"A" needs either Next or End/],
    ['two ends', machine({ A: pass({ Next: 'A' }) }), /"A" needs either Next or End/],
    [
      'a name used twice',
      machine({ A: { Type: 'Map', End: true, ItemProcessor: machine({ A: pass() }) } }),
      /two states are called "A"/,
    ],
    [
      'a catch that leads nowhere',
      machine({ A: task('F', { End: true, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }] }) }),
      /no state "C"/,
    ],
    ['two causes', machine({ A: { ...fail('X'), CausePath: '$.a' } }), /exclude each other/],
  ])('%s', (_, definition, reason) => {
    expect(refusal(definition)).toMatch(reason);
  });

  test('every problem is named at once', () => {
    const reasons = refusal(machine({ A: pass({ Foo: 1 }), B: { Type: 'Nope' } }));
    expect(reasons).toMatch(/Foo/);
    expect(reasons).toMatch(/States\.B\.Type/);
  });
});
