/** Version 1 of the workflow. */
import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../deploys.test.js';

export * from '../../../workflows/index.js';

const { opened } = proxyActivities<Activities>({ startToCloseTimeout: '5 minutes', heartbeatTimeout: '10 seconds' });

export async function monthlyReport({ gate }: { gate: string }): Promise<{ version: number }> {
  await opened(gate);
  return { version: 1 };
}
