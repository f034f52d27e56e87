/**
 * Recognizes that a workflow execution has reached one of Temporal's limits on updates. The status codes have other
 * meanings too, so it matches the messages. Pure.
 * @module
 */
import { GRPC, grpcCode, grpcError } from './refusal.js';

/** https://github.com/temporalio/temporal/blob/v1.29.1/service/history/workflow/update/registry.go */
const TOTAL = 'the limit on the total number of distinct updates in this workflow has been reached';
const IN_FLIGHT = 'limit on number of concurrent in-flight updates has been reached';

/** Whether the execution accepts no more updates. Temporal's default is 2,000 in all. */
export function isUpdateLimit(error: unknown): boolean {
  return says(error, GRPC.FAILED_PRECONDITION, TOTAL);
}

/** Whether too many updates wait for a worker to take them. Temporal's default is 10. */
export function isInFlightLimit(error: unknown): boolean {
  return says(error, GRPC.RESOURCE_EXHAUSTED, IN_FLIGHT);
}

/**
 * Whether something else, such as a cancellation, reached the workflow at the same moment. The same update may succeed
 * when it is sent again.
 */
export function isOvertaken(error: unknown): boolean {
  return grpcCode(error) === GRPC.FAILED_PRECONDITION && !isUpdateLimit(error);
}

function says(error: unknown, code: number, text: string): boolean {
  return grpcCode(error) === code && grpcError(error)?.details.toLowerCase().includes(text) === true;
}
