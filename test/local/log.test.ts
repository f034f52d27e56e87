/** The logger on stderr. */
import { afterEach, expect, it, vi } from 'vitest';
import { stderrLogger } from '../../src/local/log.js';

afterEach(() => void vi.unstubAllEnvs());

it.each(['', 'debug', 'silent'])('accepts the level %j', (level) => {
  vi.stubEnv('MCP_TASKS_LOG_LEVEL', level);
  expect(stderrLogger()).toHaveProperty('info');
});

it('refuses an unknown level before anything is logged', () => {
  vi.stubEnv('MCP_TASKS_LOG_LEVEL', 'loud');
  expect(() => stderrLogger()).toThrow('MCP_TASKS_LOG_LEVEL: expected debug, info, warn or error, not "loud"');
});
