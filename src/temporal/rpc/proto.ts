/** The enums of Temporal's API that are used here. Node sees no named exports in that CommonJS package. @module */
import proto from '@temporalio/proto';

export const { EventType, PendingActivityState, WorkflowExecutionStatus } = proto.temporal.api.enums.v1;
