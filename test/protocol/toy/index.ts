/** A protocol version that exists only here: every call that may become a task does, and tasks are called jobs. */
import { z } from 'zod';
import { method } from '../../../src/protocol/method.js';
import { answerOf, openStatus, type Status } from '../../../src/protocol/task.js';
import type { ProtocolVersion } from '../../../src/protocol/version.js';
import { errorResult } from '../../../src/task/result.js';
import type { Task } from '../../../src/task/task.js';

const JobParams = z.object({ job: z.string() });

function status(task: Task): Status {
  if (!task.outcome) return openStatus(task);
  return task.outcome.kind === 'cancelled' ? 'cancelled' : 'completed';
}

export const toy: ProtocolVersion = {
  name: '2026-01-15',
  stated: 'in-initialize',
  tasks: { status, answer: answerOf },
  calls: {
    asksForTask: () => false,
    becomesTask: ({ tool }) => tool.taskSupport !== 'forbidden',
    refuseArguments: (_, problem) => ({ ...errorResult(problem) }),
    askFirst: async (_, form) => await Promise.resolve({ askFirst: form }),
    ttl: () => 60_000,
    progressToken: () => undefined,
    answers: () => [],
    created: ({ id }) => ({ job: id }),
    cancelsWork: () => true,
  },
  methods: {
    'jobs/get': method({ params: JobParams, poll: true }, async ({ job }, tasks) => {
      const task = await tasks.get(job);
      return { job, state: status(task), keptFor: task.ttl };
    }),
    'jobs/result': method({ params: JobParams, poll: false }, async ({ job }, tasks) => ({
      job,
      ...(await tasks.result(job)),
    })),
  },
  listing: { dialect: 'draft-07', outputSchema: (schema) => ({ ...schema, title: 'toy' }), adapt: (list) => list },
  capabilities: () => ({ extensions: { 'test/jobs': {} } }),
};
