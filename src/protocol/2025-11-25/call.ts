/** `tools/call` in protocol 2025-11-25: the caller asks for a task with the parameter `task`. @module */
import { errorResult } from '../../task/result.js';
import { CancelledByClient, invalidParams, methodNotFound } from '../errors.js';
import { progressTokenOf } from '../request.js';
import type { CallRules } from '../version.js';
import { task2025 } from './task.js';

/** https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#creating-tasks */
const IMMEDIATE_RESPONSE = 'io.modelcontextprotocol/model-immediate-response';

export const calls: CallRules = {
  asksForTask: ({ task }) => task !== undefined,

  /** @throws -32601 if the tool's `taskSupport` and the call do not match */
  becomesTask({ tool, params }) {
    const asked = params.task !== undefined;
    if (asked && tool.taskSupport === 'forbidden')
      throw methodNotFound(`Tool ${tool.name} cannot run as a task: call it without the "task" parameter.`);
    if (!asked && tool.taskSupport === 'required')
      throw methodNotFound(
        `Tool ${tool.name} runs only as a task, and this call has no "task" parameter. Use a client that supports MCP tasks.`,
      );
    return asked;
  },

  /**
   * A tool error, which the model can read and correct.
   * @throws -32602 if the call asked for a task, because such a call cannot be answered with a tool result
   */
  refuseArguments({ params }, problem) {
    if (params.task !== undefined) throw invalidParams(problem);
    return { ...errorResult(problem) };
  },

  // A call cannot be answered with a question, so the task asks.
  askFirst: async (_, form) => await Promise.resolve({ askFirst: form }),

  ttl: ({ params }) => params.task?.ttl ?? undefined,

  // An awaited call reports progress on its own stream, and its token is only valid during the call.
  progressToken: ({ params, ctx }) => (params.task === undefined ? undefined : progressTokenOf(ctx)),

  answers: ({ ctx }) => ctx.stream.answers,

  created: (task, { tool: { immediateResponse } }, pollInterval) => ({
    task: task2025(task, pollInterval),
    ...(immediateResponse === undefined ? {} : { _meta: { [IMMEDIATE_RESPONSE]: immediateResponse } }),
  }),

  // A lost connection is not a cancellation: the work continues.
  cancelsWork: (signal) => signal.reason instanceof CancelledByClient,
};
