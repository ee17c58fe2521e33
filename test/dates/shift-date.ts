/**
 * Makes `Date` tell another time, which goes on as the machine's does. Timers and `performance` stay
 * as they are.
 * @param at ISO 8601: what it is from now on
 * @returns undoes it
 * @throws RangeError when it is no time
 */
export function shiftDate(at: string): () => void {
  const RealDate = globalThis.Date;
  const realNow = RealDate.now;
  const offsetMs = RealDate.parse(at) - realNow();
  if (Number.isNaN(offsetMs)) throw new RangeError(`not a time: ${at}`);
  const now = () => realNow() + offsetMs;
  RealDate.now = now;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
    apply: (target) => new target(now()).toString(),
  });
  return () => {
    RealDate.now = realNow;
    globalThis.Date = RealDate;
  };
}
