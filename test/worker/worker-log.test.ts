/**
 * What a worker logs about a task: its identity and the kind of failure, but never its input or the text of an error.
 */
import { ApplicationFailure } from '@temporalio/common';
import { expect, it } from 'vitest';
import { workerLogger } from '../../src/worker/worker-log.js';

it('logs task, step and kind of failure, but no messages or values', () => {
  const lines: [string, object, string][] = [];
  const take = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
  const logger = workerLogger({ debug: take('debug'), info: take('info'), warn: take('warn'), error: take('error') });
  const cause = ApplicationFailure.nonRetryable('row 3: "SECRET" is not a number', 'ToolError');
  const meta = {
    workflowId: 'mcp-1',
    activityType: 'tool:resize',
    attempt: 2,
    taskToken: 'SECRET',
    error: new Error('failed: SECRET', { cause }),
  };
  logger.info('bundled', meta);
  logger.warn('Activity failed', meta);
  logger.error('Worker failed', { error: new TypeError('SECRET') });
  expect(lines).toEqual([
    ['warn', { taskId: 'mcp-1', step: 'resize', attempt: 2, failure: 'ToolError' }, 'Activity failed'],
    ['error', { failure: 'TypeError' }, 'Worker failed'],
  ]);
});

it('passes on what workflows and activities log themselves', () => {
  const lines: [string, object, string][] = [];
  const take = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
  const logger = workerLogger({ debug: take('debug'), info: take('info'), warn: take('warn'), error: take('error') });
  const meta = { workflowId: 'mcp-1', activityType: 'tool:resize', attempt: 1, activityId: '1', namespace: 'n' };
  logger.info('half', { ...meta, sdkComponent: 'activity', done: 0.5 });
  logger.debug('asked', { workflowId: 'mcp-2', workflowType: 'flow', runId: 'r', sdkComponent: 'workflow' });
  logger.info('polling', { ...meta, sdkComponent: 'worker' });
  expect(lines).toEqual([
    ['info', { taskId: 'mcp-1', step: 'resize', attempt: 1, done: 0.5 }, 'half'],
    ['debug', { taskId: 'mcp-2', workflowType: 'flow' }, 'asked'],
  ]);
});
