/** Which processes are taken for running ones, and may therefore be sent a signal. */
import { expect, it, vi } from 'vitest';
import { identify, isRunning } from '../../src/local/process-identity.js';
import { send } from '../../src/local/server-process.js';

it('a process that could not be started is none, because its ID would stand for every process', () => {
  const kill = vi.spyOn(process, 'kill').mockImplementation(() => true);
  for (const pid of [-1, 0, Number.NaN]) {
    expect(isRunning({ pid })).toBe(false);
    send({ pid }, 'SIGTERM');
  }
  expect(kill).not.toHaveBeenCalled();
  kill.mockRestore();
  expect(isRunning(identify(process.pid))).toBe(true);
});
