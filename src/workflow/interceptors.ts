/**
 * The workflow interceptors that `McpTasksPlugin` adds to the bundle.
 *
 * - They fail a task clearly if its workflow sends too much. Temporal would terminate a workflow that schedules a step
 *   with too large an input, and retry the workflow task forever that returns too large a result.
 * - They make the steps of an author's workflows report as those of the shipped workflows do.
 * @module
 */
import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { cutError } from '../limits/cut-error.js';
import { stepName } from '../task/names.js';
import { isStepCall, STEP_CALL_HEADER } from '../task/step-call.js';
import { checkSent } from './sizes.js';
import { runStep } from './steps.js';

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
        const args = input.args.filter((arg) => !isStepCall(arg));
        checkSent(`The input of ${stepName(input.activityType)}`, args, 'input');
        // A shipped workflow passes the call as an argument and handles the result itself.
        if (args.length < input.args.length) return await next(input);
        return await runStep(input.options, async (options, call) => {
          const header = defaultPayloadConverter.toPayload(call);
          return await next({ ...input, options, headers: { ...input.headers, [STEP_CALL_HEADER]: header } });
        });
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
