/** `task`: how a workflow talks to its MCP client. Deterministic, and safe in the workflow sandbox. @module */
import { workflowInfo } from '@temporalio/workflow';
import { advance } from '../task/progress.js';
import { elicit, elicitUrl, sample } from './questions.js';
import { changed, taskState } from './state.js';

export const task = {
  /** The task's ID, which is also the workflow's ID. */
  get id(): string {
    return workflowInfo().workflowId;
  },

  /** Tells people what the workflow is doing. The task's `statusMessage` starts with it; step reports follow. */
  status(message: string): void {
    const state = taskState();
    state.message = message;
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

  elicit,
  elicitUrl,
  sample,
};
