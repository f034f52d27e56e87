/**
 * Builds a task's `statusMessage`: what it waits for, what is running, how far along it is, what went wrong and what
 * happens next. Pure.
 * @module
 */
import { cut, LONGEST_STATUS, number } from '../limits/limits.js';
import { kindOf } from './input.js';
import type { Progress } from './progress.js';
import type { InputRequest } from './report.js';
import type { Step, Task } from './task.js';

/** The maximum length of a failure or a question within a status message, in characters. */
const QUOTE_LENGTH = 300;

/**
 * Returns the status message of a running task; `undefined` if nothing is known. While a question is open, the message
 * begins with the question and leaves out the steps, because the task waits for the answer.
 */
export function statusMessage(
  task: Pick<Task, 'message' | 'progress' | 'steps' | 'stalled' | 'inputs' | 'notice'>,
): string | undefined {
  const questions = Object.values(task.inputs).map(questionText);
  const steps = questions.length > 0 ? [] : task.steps;
  const parts = [
    ...questions,
    task.notice,
    task.message,
    task.progress && steps.every(({ progress }) => progress === undefined) ? progressText(task.progress) : undefined,
    ...steps.map(stepText),
    task.stalled,
  ];
  const said = parts.filter((part) => part !== undefined && part !== '');
  return said.length === 0 ? undefined : shortMessage(said.join(' · '));
}

/** Cuts a status message to its maximum length. */
export function shortMessage(text: string): string {
  return cut(text, LONGEST_STATUS);
}

/** Shortens a foreign text for quoting in a message, and puts it on one line. */
export function shortQuote(text: string): string {
  return cut(text.replaceAll(/\s+/g, ' ').trim(), QUOTE_LENGTH);
}

function questionText(request: InputRequest): string {
  const { message } = request.params;
  const quoted = typeof message === 'string' && message !== '' ? ` "${shortQuote(message)}"` : '';
  switch (kindOf(request)) {
    case 'elicitation.form':
      return `waiting for the user to answer${quoted || ' a question'}`;
    case 'elicitation.url':
      return `waiting for the user to open a link${quoted && `:${quoted}`}`;
    case 'sampling':
      return "waiting for a completion by the client's model";
    case undefined:
      return `waiting for the client to answer ${request.method}`;
  }
}

function stepText(step: Step): string {
  const failure = step.lastFailure === undefined ? '' : cut(step.lastFailure, QUOTE_LENGTH);
  const progress = step.progress ? progressText(step.progress) : '';
  switch (step.state) {
    case 'waiting': {
      const again = step.attempt > 1 ? `attempt ${step.attempt}${of(step)} is ` : '';
      return `${step.name}: ${again}waiting for a worker${failure && ` (last failure: ${failure})`}`;
    }
    case 'paused':
      return `${step.name}: paused by an operator${failure && ` (last failure: ${failure})`}; it continues once an operator unpauses it`;
    case 'unregistered':
      return `${step.name}: waiting for a worker that has it, because the one that picked it up does not. Keep waiting, or ask an operator to start a worker that has ${step.name}`;
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
  return `${number(progress)} of ${number(total)}${unit} (${Math.floor((100 * progress) / total)}%)`;
}
