/** A dev server whose limits are low enough for a test to reach them. @module */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { inject } from 'vitest';

export interface Limits {
  /** Updates that an execution takes in all. */
  readonly updates?: number;
  /** Signals that an execution takes in all. */
  readonly signals?: number;
}

export async function startLimitedTemporal({ updates, signals }: Limits): Promise<TestWorkflowEnvironment> {
  const values = {
    'history.maxTotalUpdates': updates,
    'history.maximumSignalsPerExecution': signals,
    'history.transferProcessorMaxPollRPS': 2000,
    'history.timerProcessorMaxPollRPS': 2000,
  };
  return await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: inject('temporalCli') },
      extraArgs: Object.entries(values).flatMap(([name, value]) =>
        value === undefined ? [] : ['--dynamic-config-value', `${name}=${value}`],
      ),
    },
  });
}
