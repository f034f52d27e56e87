/** The limits in force: the options with their defaults. Pure. @module */
import { McpTasksError } from '../../task/errors.js';
import { SHARED, SINGLE, type LimitOptions, type SharedLimit, type Shares, type SingleLimit } from './table.js';

/** A limit in both scopes; `Infinity` for no limit. */
export interface Bound {
  readonly owner: number;
  readonly process: number;
}

export type Limits = Readonly<Record<SharedLimit, Bound> & Record<SingleLimit, number>>;

/**
 * Fills in the defaults.
 * @throws McpTasksError `CONFIGURATION` if an option is unknown, or neither a whole number above 0 nor `false`
 */
export function limitsOf(options: LimitOptions = {}): Limits {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(SHARED, name) && !Object.hasOwn(SINGLE, name))
      throw new McpTasksError(
        'CONFIGURATION',
        `limits.${name}: there is no such limit. The limits are ${[...Object.keys(SHARED), ...Object.keys(SINGLE)].join(', ')}`,
      );
  return {
    ...mapped(SHARED, ({ perOwner, perProcess }, name) => boundOf(name, options[name], perOwner, perProcess)),
    ...mapped(SINGLE, ({ each }, name) => amountOf(`limits.${name}`, options[name] ?? each)),
  };
}

function boundOf(name: SharedLimit, given: Shares | false | undefined, perOwner: number, perProcess: number): Bound {
  if (given === false) return { owner: Infinity, process: Infinity };
  const shares: unknown = given ?? {};
  if (typeof shares !== 'object' || shares === null || Array.isArray(shares))
    throw new McpTasksError('CONFIGURATION', `limits.${name}: write { perOwner, perProcess }, or false for no limit`);
  const unknown = Object.keys(shares).find((key) => key !== 'perOwner' && key !== 'perProcess');
  if (unknown !== undefined)
    throw new McpTasksError('CONFIGURATION', `limits.${name}.${unknown}: write perOwner or perProcess`);
  const { perOwner: own, perProcess: all } = shares as Shares;
  const process = amountOf(`limits.${name}.perProcess`, all ?? perProcess);
  const owner =
    own === undefined
      ? Math.min(perOwner, Math.max(1, Math.floor(process / 4)))
      : amountOf(`limits.${name}.perOwner`, own);
  return { owner: Math.min(owner, process), process };
}

function amountOf(option: string, given: unknown): number {
  if (given === false || given === Infinity) return Infinity;
  if (typeof given === 'number' && Number.isSafeInteger(given) && given > 0) return given;
  throw new McpTasksError('CONFIGURATION', `${option}: write a whole number above 0, or false for no limit`);
}

function mapped<Name extends string, From, To>(
  from: Readonly<Record<Name, From>>,
  to: (value: From, name: Name) => To,
): Record<Name, To> {
  return Object.fromEntries(
    Object.entries(from).map(([name, value]) => [name, to(value as From, name as Name)]),
  ) as Record<Name, To>;
}
