/**
 * The time of this machine, in milliseconds since the epoch: the one place where the embedded AWS,
 * the demo and the benchmarks ask for it. Instances have a clock of their own (instance-clock.ts).
 */
export const machineNow = (): number => Date.now();
