/**
 * Workflow interceptors that fail a task clearly if its workflow sends too much. Temporal would terminate a workflow
 * that schedules a step with too large an input, and retry the workflow task forever that returns too large a result.
 * @module
 */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { cutError } from '../limits/cut-error.js';
import { stepName } from '../task/names.js';
import { checkSent } from './sizes.js';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      async execute(input, next) {
        try {
          const result = await next(input);
          checkSent('The result of the workflow', [result], 'result');
          return result;
        } catch (error) {
          throw cutError(error);
        }
      },
    },
  ],
  outbound: [
    {
      async scheduleActivity(input, next) {
        checkSent(`The input of ${stepName(input.activityType)}`, input.args, 'input');
        return await next(input);
      },
      async scheduleLocalActivity(input, next) {
        checkSent(`The input of ${stepName(input.activityType)}`, input.args, 'input');
        return await next(input);
      },
      async startChildWorkflowExecution(input, next) {
        checkSent(`The input of ${input.workflowType}`, input.options.args ?? [], 'input');
        return await next(input);
      },
      async signalWorkflow(input, next) {
        checkSent(`The signal ${input.signalName}`, input.args, 'input');
        return await next(input);
      },
      async continueAsNew(input, next) {
        checkSent('The input of the next run', input.args, 'input');
        return await next(input);
      },
    },
  ],
});
