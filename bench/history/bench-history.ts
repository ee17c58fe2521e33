/** A mailbox of 50 messages, behind none that have ended, some and very many. */
import { dollarsOf } from '../../functions/core/meter/usage.ts';
import { type History, type HistoryCost, historyCosts } from './history-costs.ts';

const HISTORIES: readonly History[] = [
  { ended: 0 },
  { ended: 10_000 },
  { ended: 1_000_000 },
  { ended: 0, passedOver: 4_000_000_000 },
];

export async function benchHistory(say: (line: string) => void): Promise<HistoryCost[]> {
  const costs: HistoryCost[] = [];
  for (const history of HISTORIES) {
    say(`50 messages behind ${shown(history)} ...`);
    costs.push(...(await historyCosts(history)));
  }
  return costs.toSorted((one, other) => order(one) - order(other));
}

/** The same as a table: operations together, so that growth is seen. */
export function describeHistory(costs: readonly HistoryCost[]): string {
  const lines = costs.map(({ operation, history, requests, rowsRead, units }) => {
    const { dynamodbWriteUnits: writes = 0, dynamodbReadUnits: reads = 0 } = units;
    const dollars = `$${(dollarsOf(units) * 1_000_000).toFixed(2)}`;
    return [operation, shown(history), requests, rowsRead, writes, reads, dollars].join(' | ');
  });
  const head = 'operation | behind | requests | rows read | write units | read units | per million';
  return [head, '--- | --- | ---: | ---: | ---: | ---: | ---:', ...lines]
    .map((line) => `| ${line} |\n`)
    .join('');
}

const shown = ({ ended, passedOver = 0 }: History): string =>
  passedOver === 0
    ? `${ended.toLocaleString('en-US')} ended`
    : `${passedOver.toLocaleString('en-US')} UIDs never given`;

const OPERATIONS = ['STATUS', 'list', 'expunge', 'sweep', 'delete at once'];
const order = ({ operation }: HistoryCost): number => OPERATIONS.indexOf(operation);
