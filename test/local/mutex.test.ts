/** Mutual exclusion between processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { withMutex } from '../../src/local/mutex.js';
import { cleanUpLocalServices, fixture, temporaryDirectory } from '../helpers/local-services.js';

afterEach(cleanUpLocalServices);

it('a lock whose owner was killed is taken over at once', async () => {
  const dir = await temporaryDirectory();
  const owner = spawn(process.execPath, [fixture('lock-holder.mjs'), dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(owner.stdout, 'data');
  await expect(withMutex(dir, { timeout: 200 }, async () => await Promise.resolve())).rejects.toThrow(
    /has held the lock/,
  );
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  // Well below the time after which any lock counts as abandoned.
  expect(await withMutex(dir, { timeout: 3_000 }, async () => await Promise.resolve('mine'))).toBe('mine');
});

it('one process after the other has a lock that many want after its owner was killed', async () => {
  const dir = await temporaryDirectory();
  const owner = spawn(process.execPath, [fixture('lock-holder.mjs'), dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(owner.stdout, 'data');
  const order: string[] = [];
  const wanted = Array.from({ length: 8 }, async (_, index) => {
    await withMutex(dir, { timeout: 20_000 }, async (assertHeld) => {
      order.push(`begin ${index}`);
      await new Promise((resolve) => setImmediate(resolve));
      assertHeld();
      order.push(`end ${index}`);
    });
  });
  owner.kill('SIGKILL');
  await Promise.all(wanted);
  const begun = order.filter((line) => line.startsWith('begin'));
  expect(order).toEqual(begun.flatMap((line) => [line, line.replace('begin', 'end')]));
  expect(begun).toHaveLength(8);
});
