import { expect, it } from 'vitest';
import { added, clientRequestsIn, countsIn, longPollsIn, requestsIn } from './metrics.js';

const METRICS = `# TYPE service_requests counter
service_requests{namespace="default",operation="StartWorkflowExecution",service_name="frontend"} 2
service_requests{namespace="default",operation="StartWorkflowExecution",service_name="history"} 7
service_requests{namespace="default",operation="PollWorkflowExecutionHistory",service_name="frontend"} 3
service_requests{namespace="default",operation="PollActivityTaskQueue",service_name="frontend"} 50
service_requests{namespace="default",operation="RespondActivityTaskCompleted",service_name="frontend"} 2
service_requests{namespace="default",operation="DescribeWorkflowExecution",service_name="frontend"} 1e+01
service_requests{namespace="temporal_system",operation="StartWorkflowExecution",service_name="frontend"} 9
service_errors{namespace="default",operation="StartWorkflowExecution",service_name="frontend"} 9
`;

it('counts requests of the namespace at the frontend', () => {
  const counts = countsIn(METRICS);
  expect(counts).toEqual({
    StartWorkflowExecution: 2,
    PollWorkflowExecutionHistory: 3,
    PollActivityTaskQueue: 50,
    RespondActivityTaskCompleted: 2,
    DescribeWorkflowExecution: 10,
  });
  expect(requestsIn(counts)).toBe(14);
  expect(longPollsIn(counts)).toBe(3);
  expect(clientRequestsIn(counts)).toBe(12);
});

it('tells what has been added', () => {
  expect(added({ A: 1, B: 2 }, { A: 1, B: 5, C: 4 })).toEqual({ B: 3, C: 4 });
});
