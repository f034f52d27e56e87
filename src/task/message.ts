/**
 * A task's `statusMessage`: what is running, how far along it is, what went wrong and what happens next. Pure. @module
 */
import type { Progress } from './progress.js';
import type { Step, Task } from './task.js';

/** The maximum length of an error message, in characters; longer ones are cut. */
const FAILURE_LENGTH = 300;

export function statusMessage(task: Pick<Task, 'message' | 'progress' | 'steps' | 'stalled'>): string | undefined {
  const parts = [
    task.message,
    task.progress && task.steps.every(({ progress }) => progress === undefined)
      ? progressText(task.progress)
      : undefined,
    ...task.steps.map(stepText),
    task.stalled,
  ];
  const said = parts.filter((part) => part !== undefined && part !== '');
  return said.length === 0 ? undefined : said.join(' · ');
}

function stepText(step: Step): string {
  const failure = step.lastFailure === undefined ? '' : shorten(step.lastFailure);
  const progress = step.progress ? progressText(step.progress) : '';
  switch (step.state) {
    case 'waiting': {
      const again = step.attempt > 1 ? `attempt ${step.attempt}${of(step)} is ` : '';
      return `${step.name}: ${again}waiting for a worker${failure && ` (last failure: ${failure})`}`;
    }
    case 'paused':
      return `${step.name}: paused by an operator${failure && ` (last failure: ${failure})`}`;
    case 'retrying': {
      const at = step.retryAt === undefined ? '' : ` at ${new Date(step.retryAt).toISOString()}`;
      return `${step.name}: attempt ${step.attempt - 1}${of(step)} failed (${failure || 'no reason given'}); attempt ${step.attempt}${at}${progress && `, ${progress}`}`;
    }
    case 'running': {
      const again =
        step.attempt > 1 ? `attempt ${step.attempt}${of(step)}${failure && ` (last failure: ${failure})`}` : '';
      const text = [again, progress].filter(Boolean).join(', ');
      return `${step.name}: ${text || 'running'}`;
    }
  }
}

function of(step: Step): string {
  return step.maximumAttempts > 0 ? ` of ${step.maximumAttempts}` : '';
}

export function progressText({ progress, total, message }: Progress): string {
  const unit = message ? ` ${message}` : '';
  if (total === undefined || total <= 0) return `${number(progress)}${unit}`;
  return `${number(progress)} of ${number(total)}${unit} (${Math.floor((100 * progress) / total)} %)`;
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

function shorten(text: string): string {
  return text.length <= FAILURE_LENGTH ? text : `${text.slice(0, FAILURE_LENGTH)}…`;
}
