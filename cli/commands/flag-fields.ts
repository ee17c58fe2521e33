/** System flags and keywords: apart as in the API, together for people. */
import type { Field } from '../output/records.ts';

interface Flagged {
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
}

const joined = (words: readonly string[]): string | undefined =>
  words.length === 0 ? undefined : words.join(' ');

export const FLAG_FIELDS: readonly Field<Flagged>[] = [
  {
    name: 'flags',
    value: ({ flags }) => joined(flags),
    shown: ({ flags, keywords }) => [...flags, ...keywords].join(' '),
  },
  { name: 'keywords', value: ({ keywords }) => joined(keywords), shown: () => '' },
];
