/**
 * `npm run fuzz -- --cases N --seed S`: sends wrong input to servers of both SDKs, over HTTP and stdio, and checks that
 * every answer is right or a documented error. `--only N` repeats one case.
 * @module
 */
import { InvalidArgumentError, Command } from 'commander';
import { run } from './run.js';
import { closeConnections } from './send/http.js';
import { startServices } from './services.js';

const whole = (text: string): number => {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('Write a whole number.');
  return number;
};
const { cases, seed, only } = new Command('fuzz')
  .description('Sends wrong input to servers of both SDKs and checks every answer')
  .option('--cases <n>', 'how many cases', whole, 20_000)
  .option('--seed <n>', 'what the cases are made from (default: another one each time)', whole)
  .option('--only <n>', 'repeats the case with this number')
  .parse()
  .opts<{ cases: number; seed?: number; only?: string }>();
const used = seed ?? Math.floor(Math.random() * 1_000_000);
const log = (line: string): void => void process.stderr.write(`${line}\n`);

log(`--cases ${cases} --seed ${used}`);
const services = await startServices(log);
try {
  const { passed, failures, kinds, notes } = await run(
    { cases, seed: used, ...(only === undefined ? {} : { only: whole(only) }) },
    services,
    log,
  );
  for (const [kind, count] of [...kinds].toSorted(([, a], [, b]) => b - a))
    process.stdout.write(`${String(count).padStart(7)}  ${kind}\n`);
  for (const note of notes) process.stdout.write(`${note}\n`);
  for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
  if (failures.length > 0) {
    process.stdout.write(`The end of Temporal's log:\n${services.temporalLog()}\n`);
    process.stdout.write(`Repeat a case with --seed ${used} --only NUMBER\n`);
  }
  process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
  if (failures.length > 0) process.exitCode = 1;
} finally {
  closeConnections();
  await services.stop();
}
