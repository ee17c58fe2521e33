/** What answers about folders have in common. */
import type { EstimatedCost } from '../../functions/contract/folder-api.ts';
import type { Field } from '../output/records.ts';
import { count, dollars, size } from '../output/text.ts';

interface Content {
  readonly messages: number;
  readonly bytes: number;
}

export const CONTENT_FIELDS: readonly Field<Content>[] = [
  { name: 'messages', value: ({ messages }) => messages, shown: ({ messages }) => count(messages) },
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
];

export const SIZE_FIELDS: readonly Field<Content & { readonly mailboxes: number }>[] = [
  {
    name: 'mailboxes',
    label: 'folders',
    value: ({ mailboxes }) => mailboxes,
    shown: ({ mailboxes }) => count(mailboxes),
  },
  ...CONTENT_FIELDS,
];

export const COST_FIELDS: readonly Field<Partial<EstimatedCost>>[] = [
  {
    name: 'estimatedCostDollars',
    value: ({ estimatedCostDollars }) => estimatedCostDollars,
    shown: ({ estimatedCostDollars = 0 }) => dollars(estimatedCostDollars),
  },
  { name: 'pricesOf', value: ({ pricesOf }) => pricesOf },
];
