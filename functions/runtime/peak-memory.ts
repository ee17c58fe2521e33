import { readFileSync } from 'node:fs';

const KB_PER_MB = 1024;

/**
 * MB of resident memory of this process at its highest so far. Linux keeps that of the program that
 * runs in /proc; `maxRSS`, all that there is elsewhere, also counts what the parent had in memory
 * when it started this process.
 */
export function peakMemoryMb(): number {
  return Math.ceil((peakOfProgramKb() ?? process.resourceUsage().maxRSS) / KB_PER_MB);
}

function peakOfProgramKb(): number | undefined {
  try {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return peak === null ? undefined : Number(peak[1]);
  } catch {
    return undefined;
  }
}
