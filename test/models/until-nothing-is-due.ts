/** A marker, the version under it, then the marker alone: three, and one that finds nothing. */
const PASSES_MAX = 10;

/** Repeats a pass over a bucket until it does nothing; answers how many things all did. */
export function untilNothingIsDue(pass: () => number): number {
  let total = 0;
  for (let passes = 0; passes < PASSES_MAX; passes += 1) {
    const done = pass();
    if (done === 0) return total;
    total += done;
  }
  throw new Error(`something is still due after ${PASSES_MAX} passes`);
}
