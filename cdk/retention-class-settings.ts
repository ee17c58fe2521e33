/** The part of the settings that says which retention classes there are. */
import { z } from 'zod';
import { OPAQUE_CLASS, UPLOADS_PREFIX } from '../functions/contract/key-layout.ts';
import { DAYS_MAX } from '../functions/contract/times.ts';

/** Days that expunge storage keeps mail, or `keep`: until something else removes it. */
export type Retention = number | 'keep';
export type RetentionClasses = Readonly<Record<string, Retention>>;

/** 1,000 lifecycle rules are S3's limit; this leaves room for all classes that ever were. */
const CLASSES_MAX = 100;

export const RETENTION_CLASSES_ALLOWED = `1 to ${CLASSES_MAX} classes, for instance {"r30": 30, "keep": "keep"}`;

export const CLASS_NAME = /^[a-z][a-z0-9]{0,15}$/;
export const CLASS_NAME_ALLOWED =
  'a lower-case letter, then at most 15 lower-case letters and digits';

/** Prefixes of the mail bucket that are no class. */
const RESERVED_PREFIXES = [`${OPAQUE_CLASS}/`, UPLOADS_PREFIX];

export const wholeNumber = (least: number, most: number) => z.int().min(least).max(most);

const within = (value: number, least: number, most: number) => value >= least && value <= most;

/** What is wrong with a class, said as what would be right; undefined when nothing is. */
function classProblem(name: string, given: unknown): string | undefined {
  if (!CLASS_NAME.test(name) || RESERVED_PREFIXES.includes(`${name}/`)) {
    return `as its name ${CLASS_NAME_ALLOWED}, except ${RESERVED_PREFIXES.join(' and ')}`;
  }
  const saidDays = /^r([0-9]+)$/.exec(name)?.[1];
  if (saidDays !== undefined && given !== Number(saidDays)) return `${saidDays}, as its name says`;
  if (name === 'keep' && given !== 'keep') return '"keep", as its name says';
  const days = wholeNumber(1, DAYS_MAX).safeParse(given);
  return days.success || given === 'keep'
    ? undefined
    : `a whole number of days from 1 to ${DAYS_MAX}, or "keep"`;
}

export const retentionClasses = z
  .record(z.string(), z.unknown())
  .superRefine((classes, context) => {
    for (const [name, given] of Object.entries(classes)) {
      const allowed = classProblem(name, given);
      if (allowed !== undefined) {
        context.addIssue({ code: 'custom', path: [name], message: allowed });
      }
    }
    if (!within(Object.keys(classes).length, 1, CLASSES_MAX)) {
      context.addIssue({ code: 'custom', path: [], message: RETENTION_CLASSES_ALLOWED });
    }
  })
  .transform((classes) => classes as RetentionClasses)
  .default({ r30: 30, r7: 7, r365: 365, keep: 'keep' });
