/**
 * Builds the report of an existing workflow from the workflow's own queries, because it does not have ours. Pure.
 * @module
 */
import { createHash } from 'node:crypto';
import { formRequest } from '../../task/form.js';
import { valueAt } from '../../task/json-pointer.js';
import { asProgress, type Progress } from '../../task/progress.js';
import type { InputRequest, TaskReport } from '../../task/report.js';
import { fillIn } from '../../task/template.js';
import type { InputMapping, StatusMapping, WorkflowMapping } from '../../task/workflow-mapping.js';

/** Returns the queries to send, without duplicates. */
export function queriesOf({ status, inputs = {} }: WorkflowMapping): string[] {
  return [...new Set([status?.query, ...Object.values(inputs).map(({ query }) => query)])].filter(
    (query) => query !== undefined,
  );
}

/** Returns the query whose answer shows whether a question is open. */
export function queryOf({ status }: WorkflowMapping, { query }: InputMapping): string {
  return query ?? status?.query ?? '';
}

/**
 * Builds the report.
 * @param answers by query; a query that has never been answered is missing
 */
export function mappedReport(
  mapping: WorkflowMapping,
  answers: ReadonlyMap<string, unknown>,
): Omit<TaskReport, 'changedAt'> {
  const { status, inputs = {} } = mapping;
  const open = Object.entries(inputs).flatMap(([name, input]) => {
    const value = valueAt(answers.get(queryOf(mapping, input)), input.when);
    return isOpen(value) ? [[questionKey(name, value), question(input, value)] as const] : [];
  });
  return {
    version: 1,
    inputs: Object.fromEntries(open),
    ...(status ? statusOf(status, answers.get(status.query)) : {}),
  };
}

/** Returns the name of the question that a key belongs to. */
export function questionName(key: string): string {
  return key.slice(0, key.lastIndexOf('-'));
}

/**
 * Returns the key for a question after earlier answers, so that an identical question gets a new key. Keys are never
 * reused for another question, and clients answer each key only once.
 * @param event the ID of the history event of the last answer to a question of this name; 0 if there is none
 */
export function keyAfter(key: string, event: number): string {
  return event === 0 ? key : questionKey(questionName(key), [key, event]);
}

function isOpen(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '';
}

/** Derives a question's key from the value that shows that it is open. */
function questionKey(name: string, value: unknown): string {
  return `${name}-${createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)}`;
}

function question({ message, schema }: InputMapping, value: unknown): InputRequest {
  return formRequest({ message: fillIn(message, value), requestedSchema: schema });
}

function statusOf(
  { message, progress, total }: StatusMapping,
  answer: unknown,
): { message?: string; progress?: Progress } {
  const said =
    message === undefined
      ? typeof answer === 'string'
        ? answer
        : valueAt(answer, '/message')
      : valueAt(answer, message);
  const done = valueAt(answer, progress ?? '');
  const end = total === undefined ? undefined : valueAt(answer, total);
  const shown = asProgress(typeof done === 'number' && progress !== undefined ? { progress: done, total: end } : done);
  return {
    ...(said === undefined || said === null ? {} : { message: typeof said === 'string' ? said : JSON.stringify(said) }),
    ...(shown ? { progress: shown } : {}),
  };
}
