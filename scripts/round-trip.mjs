/**
 * Runs the round trips of test/tools/round-trip.test.ts for longer: `npm run test:round-trip -- --runs 100 --seed 1`.
 * Without a seed, picks one and prints it.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
process.stdout.write(`${values.runs} tables for each pair of formats, --seed ${values.seed}\n`);
const { status } = spawnSync('npx', ['vitest', 'run', 'test/tools/round-trip.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, ROUND_TRIP_RUNS: values.runs, ROUND_TRIP_SEED: values.seed },
});
process.exit(status ?? 1);
