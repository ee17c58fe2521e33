/** A report as Markdown, for a terminal and for the documentation. */
import type { Report, SizeResult } from './bench-erase.ts';

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const tenth = (value: number): string => value.toFixed(1);
const dollars = (value: number): string => `$${value.toFixed(6)}`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map(line).join('');
}

export function describeReport(report: Report): string {
  const { sizes, coldStarts, goals, machine, at, pricesOf } = report;
  const head = ['', ...sizes.map(({ messages }) => `${whole(messages)} messages`)];
  const row = (name: string, show: (size: SizeResult) => string): readonly string[] => [
    name,
    ...sizes.map(show),
  ];
  return [
    `Measured ${at.slice(0, 10)} on an embedded AWS: ${machine.processors} processors, `,
    `Node ${machine.node.slice(1)}; list prices of ${pricesOf}.\n\n`,
    table(head, [
      ...measured(row),
      ...requests(sizes, row),
      ...memory(sizes, row),
      ...peers(sizes),
    ]),
    `\n${costLine(report)}\n\n`,
    table(
      ['function', 'bundle', 'load in a fresh Node', 'memory after it'],
      coldStarts.map(({ handler, bundleBytes, loadMs, rssMb }) => [
        handler,
        `${whole(bundleBytes / 1024)} KB`,
        `${whole(loadMs)} ms`,
        `${whole(rssMb)} MB`,
      ]),
    ),
    '\n',
    table(
      ['goal', 'limit', 'measured', 'met'],
      goals.map(({ name, limit, value, met }) => [
        name,
        String(Number(limit.toFixed(4))),
        String(Number(value.toFixed(4))),
        met ? 'yes' : 'NO',
      ]),
    ),
  ].join('');
}

type Row = (name: string, show: (size: SizeResult) => string) => readonly string[];

const measured = (row: Row) => [
  row('objects per second', (size) => whole(size.objectsPerSecond)),
  row('rows per second, at the same time', (size) => whole(size.rowsPerSecond)),
  row('seconds, first state to last', (size) => tenth(size.seconds.whole)),
  row('keys per DeleteObjects', (size) => whole(size.keysPerDeleteObjects)),
  row('cost', (size) => dollars(size.dollars)),
  row('of it duration of functions', (size) => dollars(size.dollars - size.dollarsWithoutDuration)),
  row('cost that the dry run named', (size) => dollars(size.estimatedDollars)),
];

const requests = (sizes: readonly SizeResult[], row: Row) =>
  Object.keys(sizes[0]?.perThousandMessages ?? {}).map((name) =>
    row(`${name} per 1,000 messages`, (size) => tenth(size.perThousandMessages[name] ?? 0)),
  );

const memory = (sizes: readonly SizeResult[], row: Row) =>
  Object.keys(sizes[0]?.peakMemoryMb ?? {}).map((step) =>
    row(`peak memory of ${step}`, (size) => `${whole(size.peakMemoryMb[step] ?? 0)} MB`),
  );

const peers = (sizes: readonly SizeResult[]) =>
  (sizes[0]?.peers ?? []).map(({ name, skipped }, index) => [
    `${name}: objects per second (Lethe is so many times as fast)`,
    ...sizes.map(({ peers: all }) => {
      const { objectsPerSecond, ratio } = all[index] ?? {};
      return skipped ?? `${whole(objectsPerSecond ?? 0)} (${tenth(ratio ?? 0)})`;
    }),
  ]);

function costLine({ cost, costWithDuration, floor }: Report): string {
  if (cost === undefined || costWithDuration === undefined)
    return 'One size only: no line can be drawn through it.';
  const { dollarsPerMillion, dollarsPerAccount } = floor;
  return (
    `Cost of an erasure: ${dollars(cost.a)} + $${cost.bPerMillion.toFixed(3)} per million messages ` +
    'without the duration of functions, ' +
    `${dollars(costWithDuration.a)} + $${costWithDuration.bPerMillion.toFixed(3)} with that on this ` +
    `machine; the floor is $${dollarsPerMillion} per million and at most $${dollarsPerAccount} per account.`
  );
}
