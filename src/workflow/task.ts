/** `task`: how a workflow talks to its MCP client. Deterministic, and safe in the workflow sandbox. @module */
import { workflowInfo } from '@temporalio/workflow';
import { cut, LONGEST_STATUS } from '../limits/limits.js';
import { advance } from '../task/progress.js';
import { elicit, elicitUrl, sample } from './questions.js';
import { changed, taskState } from './state.js';

/**
 * The task that this workflow works for: its status, its progress, and questions to the client.
 *
 * @example
 * export async function migrate({ table }: { table: string }) {
 *   task.status(`copying ${table}`);
 *   await copy({ table });
 *   task.progress(1, 2, 'steps');
 *   const { action } = await task.elicit({
 *     message: `Replace ${table}?`,
 *     requestedSchema: { type: 'object', properties: {} },
 *   });
 *   if (action !== 'accept') throw new ToolError('The user did not want to replace the table');
 *   return await swap({ table });
 * }
 */
export const task = {
  /** The task's ID, which is also the workflow's ID. */
  get id(): string {
    return workflowInfo().workflowId;
  },

  /** Tells people what the workflow is doing. The task's `statusMessage` starts with it; step reports follow. Cut after 1,000 characters. */
  status(message: string): void {
    const state = taskState();
    state.message = cut(message, LONGEST_STATUS);
    changed(state);
  },

  /**
   * Reports progress of the whole workflow, in any unit. `done` never goes back: a smaller value is ignored, and so is
   * one that is not a number. While a step reports its own progress, that is shown instead.
   */
  progress(done: number, total?: number, message?: string): void {
    const state = taskState();
    const progress = advance(state.progress, done, total, message);
    if (!progress) return;
    state.progress = progress;
    changed(state);
  },

  /**
   * Asks the person using the client to fill in a form. The tool must declare `asks: ['elicitation.form']`.
   *
   * @throws InputUnavailableError if the client cannot answer, or if the deadline passes and `otherwise` is not set;
   *   ToolError if the task's open questions are larger than 2,000,000 bytes
   * @example
   * const { action, content } = await task.elicit(
   *   {
   *     message: 'How many rows?',
   *     requestedSchema: { type: 'object', properties: { rows: { type: 'integer' } }, required: ['rows'] },
   *   },
   *   { deadline: '1 day', otherwise: { action: 'cancel' } },
   * );
   */
  elicit,

  /**
   * Asks the person to open a URL, for data that must not pass through the client. The tool must declare
   * `asks: ['elicitation.url']`.
   *
   * @throws InputUnavailableError as `elicit`
   * @example
   * await task.elicitUrl({ message: 'Sign in to the warehouse', url: 'https://warehouse.example.com/sign-in' });
   */
  elicitUrl,

  /**
   * Asks the client's model for a completion. The tool must declare `asks: ['sampling']`.
   *
   * @throws InputUnavailableError as `elicit`
   * @example
   * const { content } = await task.sample({
   *   messages: [{ role: 'user', content: { type: 'text', text: 'Summarize: …' } }],
   *   maxTokens: 200,
   * });
   */
  sample,
};
