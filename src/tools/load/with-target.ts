/** Gives a step a database connection that is closed however the step ends. @module */
import type { StepContext } from '../../task/step-context.js';
import type { ToolsConfig } from '../config.js';
import type { LoadTarget } from './types.js';
import { openTarget } from '../target/open.js';
import type { Target } from '../target/target.js';

export interface LoadStep {
  readonly config: ToolsConfig;
  readonly target: LoadTarget;
  /** The step's name, by which PostgreSQL lists its sessions. */
  readonly step: string;
  readonly ctx: StepContext;
}

export async function withTarget<T>(
  { config, target, step, ctx }: LoadStep,
  work: (opened: Target) => Promise<T>,
): Promise<T> {
  const opened = await openTarget(config, target, { step, attempt: ctx.attempt, signal: ctx.signal });
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}
