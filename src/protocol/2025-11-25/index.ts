/**
 * Protocol 2025-11-25: clients ask for tasks, wait for them with `tasks/result` and are asked questions on a stream.
 * https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks
 * @module
 */
import { TASKS_EXTENSION } from '../extension.js';
import { describesObjects, underResult } from '../output-schema.js';
import type { ProtocolVersion } from '../version.js';
import { calls } from './call.js';
import { methods } from './methods.js';
import { answer2025, status2025 } from './task.js';
import { withoutTasks } from './older.js';
import { unsolicited } from './unsolicited.js';

const NAME = '2025-11-25';

export const version2025: ProtocolVersion = {
  name: NAME,
  stated: 'in-initialize',
  tasks: { status: status2025, answer: answer2025 },
  calls,
  methods,
  listing: {
    dialect: 'draft-07',
    // Structured content is an object, and clients require `type: 'object'` at the root itself.
    outputSchema: (schema) => (describesObjects(schema) ? { ...schema, type: 'object' } : underResult(schema)),
    // Clients do not declare task support in this version, but clients of older versions have none.
    adapt: (list, _, { version }) => (version !== undefined && version < NAME ? withoutTasks(list) : list),
  },
  capabilities: ({ mayList }) => ({
    extensions: { [TASKS_EXTENSION]: {} },
    // Anonymous requestors share one owner, so they may not list its tasks.
    tasks: { ...(mayList ? { list: {} } : {}), cancel: {}, requests: { tools: { call: {} } } },
  }),
  unsolicited,
};
