/** How many requests are under way at a time. */
const PARALLEL = 16;

/** Does the same with each of many, some at a time; answers in their order. */
export async function inBatches<T, R>(
  many: readonly T[],
  act: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < many.length; start += PARALLEL) {
    results.push(...(await Promise.all(many.slice(start, start + PARALLEL).map(act))));
  }
  return results;
}
