/**
 * The workflow interceptors that `McpTasksPlugin` adds to the bundle.
 *
 * - They fail a task with a clear error if its workflow sends too much. Temporal would terminate a workflow that
 *   schedules a step with too large an input, and retry the workflow task forever that returns too large a result.
 * - They treat the steps of an author's workflows like those of the shipped workflows: only failures use up their
 *   attempts, and no progress report is lost.
 * @module
 */
import { defaultPayloadConverter } from '@temporalio/common';
import { proxyActivities, type ActivityInput, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { cutError } from '../limits/cut-error.js';
import { stepName } from '../task/names.js';
import { isStepCall, STEP_CALL_HEADER, type StepCall } from '../task/step-call.js';
import { taskMemo } from './memo.js';
import { checkSent } from './sizes.js';
import { runStep } from './steps.js';

type Activities = Record<string, (...args: unknown[]) => Promise<unknown>>;

/**
 * The calls of the steps that are being scheduled again, by activity ID, because this code calls itself through the
 * SDK.
 */
const again = new Map<string, StepCall>();

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
        const { activityId = '' } = input.options;
        const call = again.get(activityId);
        again.delete(activityId);
        if (call) return await next(withHeader(input, call));
        const args = input.args.filter((arg) => !isStepCall(arg));
        checkSent(`The input of ${stepName(input.activityType)}`, args, 'input');
        // A shipped workflow passes the call as an argument and handles the result itself. A workflow that is not a
        // task, or does not know this package, keeps Temporal's own behavior.
        const memo = taskMemo();
        if (args.length < input.args.length || !memo || memo.mapping) return await next(input);
        let first = true;
        return await runStep(input.options, args, async (options, given) => {
          if (first) {
            first = false;
            return await next(withHeader(input, given));
          }
          // The SDK numbers each schedule, so this has to begin with it.
          if (options.activityId) again.set(options.activityId, given);
          return await proxyActivities<Activities>(options)[input.activityType]!(...argumentsOf(input, given));
        });
      },
      async scheduleLocalActivity(input, next) {
        // The workflow of a short tool passes on its own input, which is not part of its next message to Temporal.
        if (input.args.some(isStepCall)) return await next(input);
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

/** Headers are not encrypted, so they carry only counts. */
function withHeader(input: ActivityInput, { starts = 0, failures = 0, waiting }: StepCall): ActivityInput {
  const call: StepCall = { mcpStep: 1, starts, failures, ...(waiting ? { waiting } : {}) };
  const header = defaultPayloadConverter.toPayload(call);
  return { ...input, headers: { ...input.headers, [STEP_CALL_HEADER]: header } };
}

/**
 * Returns the arguments that pass on a checkpoint. Only an activity made by `step` has returned one, and it takes the
 * call as a second argument.
 */
function argumentsOf({ args }: ActivityInput, call: StepCall): unknown[] {
  return call.details ? [args[0], call] : args;
}
