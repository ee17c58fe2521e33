/** Work done ahead, in parallel, and handed out in order. */

/** Requests under way: as many as there are connections. */
const PARALLEL_JOBS = 8;

/** Bytes under way, if more than one job is: 32 MiB and one message of 64 MiB at worst. */
const BYTES_AHEAD_MAX = 32 * 1024 * 1024;

/**
 * @param weigh bytes that a job holds in memory
 * @param work does one; when one fails, those under way end before the error is thrown
 */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  weigh: (item: T) => number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const ahead: { readonly weight: number; readonly result: Promise<R> }[] = [];
  let bytes = 0;
  const next = async (): Promise<R> => {
    const job = ahead[0];
    if (job === undefined) throw new Error('nothing is under way');
    const result = await job.result;
    ahead.shift();
    bytes -= job.weight;
    return result;
  };
  try {
    for (const item of items) {
      const weight = weigh(item);
      while (ahead.length >= PARALLEL_JOBS || (bytes > 0 && bytes + weight > BYTES_AHEAD_MAX)) {
        yield await next();
      }
      const result = work(item);
      // Awaited in its turn; until then a failure must not count as unhandled.
      result.catch(() => {});
      ahead.push({ weight, result });
      bytes += weight;
    }
    while (ahead.length > 0) yield await next();
  } finally {
    await Promise.allSettled(ahead.map(({ result }) => result));
  }
}
