/** What clients reply to a task's question. */
import { expect, it } from 'vitest';
import { openReply } from '../../src/mcp/sessions/replies.js';
import { Keyring } from '../../src/task/keyring.js';
import { sealRequestId } from '../../src/task/request-id.js';
import { key } from '../helpers/stack.js';

it('the reason of a client that cannot answer is cut, because it becomes part of the history', () => {
  const keys = Keyring.parse(key);
  const id = sealRequestId(keys, { taskId: 'mcp-1', key: 'input-1' });
  const reply = openReply(keys, { jsonrpc: '2.0', id, error: { code: -1, message: 'x'.repeat(3_000_000) } });
  expect(reply?.given).toEqual({ unavailable: `the client did not answer: ${'x'.repeat(1_000)}…` });
});
