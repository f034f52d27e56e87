/**
 * The enums of Temporal's API that this package uses. That CommonJS package has no named exports that Node can see.
 * @module
 */
import proto from '@temporalio/proto';

export const { EventType, PendingActivityState, WorkflowExecutionStatus } = proto.temporal.api.enums.v1;
