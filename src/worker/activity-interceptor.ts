/** Reads the data that a workflow passes to its steps from activity headers. @module */
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { noteCall } from '../activity/called-with.js';
import { isStepCall, STEP_CALL_HEADER } from '../task/step-call.js';

export const activityInterceptor: ActivityInterceptorsFactory = (activity) => ({
  inbound: {
    async execute(input, next) {
      const header = input.headers[STEP_CALL_HEADER];
      const call: unknown = header && defaultPayloadConverter.fromPayload(header);
      if (isStepCall(call)) noteCall(activity, call);
      return await next(input);
    },
  },
});
