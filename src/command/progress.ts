/** Reads progress from a program's lines. Pure. @module */
import { captures } from '../json-schema/pattern.js';
import type { CallArguments } from './arguments.js';
import { solePlaceholder } from './placeholders.js';
import type { CommandProgress, ProgressFields } from './spec.js';

/** What a line says; a missing value stays as it was. */
export interface LineProgress {
  readonly current?: number;
  readonly total?: number;
  readonly message?: string;
}

/** Reads one line. Returns an empty object for a line without progress. */
export type ReadLine = (line: string) => LineProgress;

/** The groups of a progress pattern that mean something. */
export const PROGRESS_GROUPS = ['current', 'total', 'percent', 'message'] as const;

/** The values found in a line, before they are checked. */
type Found = Readonly<Partial<Record<(typeof PROGRESS_GROUPS)[number], unknown>>>;

/**
 * Returns a reader for the lines of one program.
 * @param values the arguments of the call, for a `total` that one of them has
 */
export function progressReader(progress: CommandProgress | undefined, values: CallArguments): ReadLine {
  if (progress?.regex !== undefined) {
    const match = captures(progress.regex);
    return (line) => progressOf(match(line) ?? {});
  }
  if (progress?.json) {
    const { json } = progress;
    return (line) => {
      const value = objectIn(line);
      return value === undefined ? {} : progressOf(foundBy(json, values, (place) => valueAt(value, place)));
    };
  }
  if (progress?.keyValue) return keyValueReader(progress.keyValue, values);
  return () => ({});
}

/** A line has one value, so a line without the ones that are wanted says nothing new. */
function keyValueReader(fields: ProgressFields, values: CallArguments): ReadLine {
  const wanted = new Set([fields.current, fields.total, fields.percent, fields.message]);
  return (line) => {
    const at = line.indexOf('=');
    const key = line.slice(0, at).trim();
    if (at < 0 || !wanted.has(key)) return {};
    const value = line.slice(at + 1).trim();
    return progressOf(foundBy(fields, values, (place) => (place === key ? value : undefined)));
  };
}

function foundBy(fields: ProgressFields, values: CallArguments, at: (place: string) => unknown): Found {
  const place = (name: string | undefined): unknown => (name === undefined ? undefined : at(name));
  const { current, total, percent, message } = fields;
  return {
    current: place(current),
    total: totalOf(total, values, at),
    percent: place(percent),
    message: place(message),
  };
}

function totalOf(total: ProgressFields['total'], values: CallArguments, at: (place: string) => unknown): unknown {
  if (total === undefined || typeof total === 'number') return total;
  const argument = solePlaceholder(total);
  if (argument === undefined) return at(total);
  return Object.hasOwn(values, argument) ? values[argument] : undefined;
}

function progressOf({ current, total, percent, message }: Found): LineProgress {
  const share = numberOf(percent);
  const done = share ?? numberOf(current);
  const all = share === undefined ? numberOf(total) : 100;
  return {
    ...(done === undefined ? {} : { current: done }),
    ...(all === undefined ? {} : { total: all }),
    ...(typeof message === 'string' && message !== '' ? { message } : {}),
  };
}

/** Returns a finite number that is not negative; programs write some as text, and `N/A` before the first one. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function objectIn(line: string): unknown {
  if (!line.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function valueAt(value: unknown, place: string): unknown {
  return place
    .split('.')
    .reduce<unknown>(
      (inner, name) =>
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
          ? (inner as Record<string, unknown>)[name]
          : undefined,
      value,
    );
}
