/** Dollars of an erasure as a line: so much for the account, so much for a million messages. */
export interface CostLine {
  readonly a: number;
  readonly bPerMillion: number;
}

interface Point {
  readonly messages: number;
  readonly dollars: number;
}

/** The line through two or more points with the least squared distance. */
export function costLine(points: readonly Point[]): CostLine {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map(({ messages }) => messages));
  const y = mean(points.map(({ dollars }) => dollars));
  const spread = points.reduce((sum, { messages }) => sum + (messages - x) ** 2, 0);
  const both = points.reduce(
    (sum, { messages, dollars }) => sum + (messages - x) * (dollars - y),
    0,
  );
  const b = both / spread;
  return { a: y - b * x, bPerMillion: b * 1e6 };
}
