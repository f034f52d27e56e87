/**
 * The parts of Temporal's API that this package uses as values. That CommonJS package has no named exports that Node can
 * see.
 * @module
 */
import proto from '@temporalio/proto';

export const { EventType, HistoryEventFilterType, PendingActivityState, WorkflowExecutionStatus } =
  proto.temporal.api.enums.v1;
export const { Payload: PayloadMessage } = proto.temporal.api.common.v1;
