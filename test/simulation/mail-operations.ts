/** What a run of the model-based test consists of, drawn by fast-check. */
import fc from 'fast-check';
import type { CrashPoint } from '../models/faulty.ts';
import { CRASH_POINTS } from '../models/faulty.ts';
import type { Marks, Rules } from '../models/reference-messages.ts';
import { CLASS_DAYS } from './mail-world.ts';

export const BOXES = ['INBOX', 'Archive', 'Trash', 'Work/Plans'] as const;
const EXCLUDED = ['Trash'];

/** Numbers choose among what there is when the operation's turn comes. */
export interface Choice {
  /** All messages of the mailbox, or those that these numbers choose. */
  readonly all: boolean;
  readonly picks: readonly number[];
}

export type Wish =
  | {
      readonly do: 'deliver';
      readonly to: number;
      readonly mails: readonly (Marks & { readonly dated: boolean; readonly filler: number })[];
      readonly keyed: boolean;
    }
  | {
      readonly do: 'flag';
      readonly from: number;
      readonly which: Choice;
      readonly add: Marks;
      readonly remove: Marks;
    }
  | {
      readonly do: 'copy' | 'move';
      readonly from: number;
      readonly which: Choice;
      readonly to: number;
    }
  | {
      readonly do: 'expunge';
      readonly from: number;
      readonly which: Choice;
      readonly bypass: boolean;
    }
  | {
      readonly do: 'restore';
      readonly from: number;
      readonly which: Choice;
      /** Missing: where it was expunged. */
      readonly to: number | undefined;
      readonly keep: boolean;
    };

export interface Crash {
  readonly call: number;
  readonly point: CrashPoint;
}

export type Operation =
  | {
      readonly kind: 'mail';
      readonly wish: Wish;
      readonly crash: Crash | undefined;
      readonly conflicts: number;
    }
  | {
      readonly kind: 'together';
      readonly one: Wish;
      readonly other: Wish;
      /** On the same messages. */
      readonly same: boolean;
      /** Turns of the function behind the stream. */
      readonly records: number;
    }
  | {
      readonly kind: 'records';
      readonly picks: readonly number[];
      readonly twice: boolean;
      readonly crash: Crash | undefined;
    }
  | { readonly kind: 'late'; readonly picks: readonly number[] }
  | { readonly kind: 'settle' | 'expireTtl' | 'lifecycle' }
  | { readonly kind: 'advance'; readonly minutes: number }
  | { readonly kind: 'class'; readonly retentionClass: string };

/** What a run begins with: nothing, more than a transaction takes, of both kinds, or a full blob. */
export type Prelude = 'none' | 'many' | 'copies' | 'links';

export interface Run {
  readonly seed: number;
  readonly rules: Rules;
  readonly retentionClass: string;
  readonly prelude: Prelude;
  readonly operations: readonly Operation[];
}

const number = fc.nat(999);

const marks = fc.record({
  flags: fc.uniqueArray(fc.constantFrom('\\Seen', '\\Flagged', '\\Deleted'), { maxLength: 2 }),
  keywords: fc.uniqueArray(fc.constantFrom('$Forwarded', 'urgent'), { maxLength: 2 }),
});

const which = fc.record({
  all: fc.nat(5).map((one) => one === 0),
  picks: fc.array(number, { minLength: 1, maxLength: 4 }),
});

const mail = fc
  .tuple(marks, fc.boolean(), fc.nat(300))
  .map(([sets, dated, filler]) => ({ ...sets, dated, filler }));

const rarely = fc.nat(9).map((one) => one === 0);

const wish: fc.Arbitrary<Wish> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      to: number,
      mails: fc.array(mail, { minLength: 1, maxLength: 3 }),
      keyed: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('flag' as const),
      from: number,
      which,
      add: marks,
      remove: marks,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('copy' as const, 'move' as const),
      from: number,
      which,
      to: number,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('expunge' as const),
      from: number,
      which,
      bypass: rarely,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('restore' as const),
      from: number,
      which,
      to: fc.option(number, { nil: undefined }),
      keep: fc.boolean(),
    }),
  },
);

const crash: fc.Arbitrary<Crash> = fc.record({
  call: fc.integer({ min: 1, max: 5 }),
  point: fc.constantFrom(...CRASH_POINTS),
});

const picks = fc.array(number, { minLength: 1, maxLength: 4 });

const HOUR = 60;
const DAY = 24 * HOUR;

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 22,
    arbitrary: fc.record({
      kind: fc.constant('mail' as const),
      wish,
      crash: fc.option(crash, { nil: undefined, freq: 2 }),
      conflicts: fc.nat(9).map((one) => Math.max(one - 7, 0)),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('together' as const),
      one: wish,
      other: wish,
      same: fc.boolean(),
      records: fc.nat(12),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('records' as const),
      picks,
      twice: fc.boolean(),
      crash: fc.option(crash, { nil: undefined, freq: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('late' as const), picks }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('settle' as const, 'expireTtl' as const, 'lifecycle' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      minutes: fc.oneof(
        fc.nat(3 * HOUR),
        fc.nat(3 * DAY),
        fc.constantFrom(7, 14, 30, 33).map((days) => days * DAY),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('class' as const),
      retentionClass: fc.constantFrom(...Object.keys(CLASS_DAYS)),
    }),
  },
);

/** As often as they matter. */
const MODES = [
  ...['mailbox', 'mailbox', 'mailbox', 'namespace', 'namespace'],
  ...['in-place', 'in-place', 'off'],
] as Rules['mode'][];

const rules: fc.Arbitrary<Rules> = fc
  .record({
    mode: fc.constantFrom(...MODES),
    onlyLastInstance: fc.boolean(),
    storageDays: fc.constantFrom(undefined, undefined, 2, 20),
  })
  .map(({ mode, onlyLastInstance, storageDays }) => ({
    mode,
    onlyLastInstance,
    excluded: EXCLUDED,
    classDays: CLASS_DAYS,
    ...(storageDays === undefined ? {} : { storageSeconds: storageDays * DAY * 60 }),
  }));

/** Each begins one run in twenty: they take longer. */
const PRELUDES = ['many', 'copies', 'links'] as const;

/** Operations of a run, at most; half as many on average. */
const OPERATIONS_MAX = 200;

export const run: fc.Arbitrary<Run> = fc.record({
  seed: fc.nat(2 ** 31 - 1),
  rules,
  retentionClass: fc.constantFrom('r7', 'r30', 'r30', 'keep'),
  prelude: fc.nat(19).map((one): Prelude => PRELUDES[one] ?? 'none'),
  operations: fc.array(operation, { minLength: 1, maxLength: OPERATIONS_MAX, size: 'max' }),
});
