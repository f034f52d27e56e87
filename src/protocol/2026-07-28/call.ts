/**
 * `tools/call` in protocol 2026-07-28: the server decides whether a call becomes a task, and only clients that declare
 * the tasks extension get one.
 * @module
 */
import { errorResult } from '../../task/result.js';
import { answerable } from '../stream.js';
import type { CallRules } from '../version.js';
import { askFirst } from './ask-first.js';
import { declaresTasks, requireCapabilities, requireTasks } from './capabilities.js';
import { ANSWER_WITHIN } from './questions.js';
import { task2026 } from './task.js';

export const calls: CallRules = {
  asksForTask: () => false,

  /** @throws -32021 if the client lacks a capability that the tool needs */
  becomesTask({ tool: { taskSupport, asks = [] }, ctx }) {
    const able = declaresTasks(ctx);
    if (able && taskSupport === 'forbidden') return false;
    if (taskSupport === 'required') requireTasks(ctx);
    requireCapabilities(ctx, asks);
    return able;
  },

  // A tool error, which the model can read and correct.
  refuseArguments: (_, problem) => ({ ...errorResult(problem) }),

  askFirst,

  // The server alone decides.
  ttl: () => undefined,

  // Tasks do not report progress.
  progressToken: () => undefined,

  // A waiting call looks for questions only if its tool declares that it asks.
  answers({ tool: { taskSupport, asks = [] }, ctx }) {
    const kinds = answerable(ctx.capabilities);
    return declaresTasks(ctx) && taskSupport !== 'forbidden' ? kinds : kinds.filter((kind) => asks.includes(kind));
  },

  answerWithin: ({ ctx }) => (declaresTasks(ctx) ? undefined : ANSWER_WITHIN),

  created: (task, _, pollInterval) => ({ resultType: 'task', ...task2026(task, pollInterval) }),

  // Dropping a call cancels it, unless the client can repeat it.
  cancelsWork: (signal, repeatable) => signal.aborted && !repeatable,
};
