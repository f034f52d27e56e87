/** The workflows behind the fuzzed servers' tools, and the package's own. @module */
import { sleep } from '@temporalio/workflow';
import { task } from '../../src/workflow/index.js';

export * from '../../workflows/index.js';

export async function askName(): Promise<unknown> {
  const { content } = await task.elicit({
    message: 'Name?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string', maxLength: 100 } }, required: ['name'] },
  });
  return { content: [{ type: 'text', text: String(content?.['name']) }] };
}

export async function waitHalfAMinute(): Promise<unknown> {
  await sleep('30 seconds');
  return { content: [{ type: 'text', text: 'waited' }] };
}
