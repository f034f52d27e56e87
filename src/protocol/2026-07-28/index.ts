/**
 * Protocol 2026-07-28 with the extension `io.modelcontextprotocol/tasks`: the server decides which calls become tasks,
 * and clients poll them or subscribe to them. https://modelcontextprotocol.io/specification/2026-07-28
 * @module
 */
import { TASKS_EXTENSION } from '../extension.js';
import { answerOf } from '../task.js';
import type { ProtocolVersion } from '../version.js';
import { calls } from './call.js';
import { declaresTasks } from './capabilities.js';
import { methods } from './methods.js';
import { questions } from './questions.js';
import { subscriptions } from './subscriptions.js';
import { status2026 } from './task.js';

export const version2026: ProtocolVersion = {
  name: '2026-07-28',
  stated: 'in-requests',
  tasks: { status: status2026, answer: answerOf },
  calls,
  questions,
  methods,
  listing: {
    dialect: 'draft-2020-12',
    outputSchema: (schema) => schema,
    // The list depends on the requestor, so shared caches must not store it.
    adapt: (list, companions, ctx) => ({
      ...list,
      tools: (list['tools'] as readonly { name: string }[]).filter(
        ({ name }) => !declaresTasks(ctx) || !companions.has(name),
      ),
      cacheScope: 'private',
    }),
  },
  capabilities: () => ({ extensions: { [TASKS_EXTENSION]: {} } }),
  subscriptions,
};
