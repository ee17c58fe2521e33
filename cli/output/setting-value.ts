/** Values of settings as people type them. */
import type { AutoexpungePolicy } from '../../functions/contract/mail-settings.ts';

export function shownSetting(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  if (value === null) return 'none';
  const { afterSeconds, ...others } = value as AutoexpungePolicy;
  if (afterSeconds !== undefined && Object.keys(others).length === 0) return duration(afterSeconds);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** In the largest unit that says it exactly: `30d`, `12h`, `90s`. */
function duration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const;
  const [unit, length] = units.find(([, one]) => seconds > 0 && seconds % one === 0) ?? ['s', 1];
  return `${seconds / length}${unit}`;
}
