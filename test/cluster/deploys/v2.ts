/** Version 2: other steps in another order, so that no history of version 1 replays on it. */
import { proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../deploys.test.js';

export * from '../../../workflows/index.js';

const { opened } = proxyActivities<Activities>({ startToCloseTimeout: '5 minutes', heartbeatTimeout: '10 seconds' });

export async function monthlyReport({ gate }: { gate: string }): Promise<{ version: number }> {
  await sleep(10);
  await opened(gate);
  return { version: 2 };
}
