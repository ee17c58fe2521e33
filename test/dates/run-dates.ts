/**
 * The unit lane under other dates and in other zones, one after the other:
 *
 *   npm run test:dates              all of them
 *   npm run test:dates -- <words>   what follows is for vitest, such as names of files
 */
import { spawnSync } from 'node:child_process';
import { testedDates } from './tested-dates.ts';

const failed: string[] = [];
for (const { name, date, zone } of testedDates(Date.now())) {
  process.stdout.write(`\n== ${name}: ${date} in ${zone}\n`);
  const lane = ['run', '--project', 'unit', '--project', 'unit-alone'];
  const { status } = spawnSync('vitest', [...lane, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, LETHE_TEST_DATE: date, TZ: zone },
  });
  if (status !== 0) failed.push(name);
}
process.stdout.write(
  failed.length === 0 ? '\nall dates passed\n' : `\nfailed: ${failed.join(', ')}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
