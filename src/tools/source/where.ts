/**
 * The conditions that choose which rows of a source are used: a part of the tools' definitions.
 *
 * They are data, not an SQL expression. An expression would have to be parsed, and every function, cast and setting of
 * DuckDB that could read a file or run without end would have to be found and refused, in each new version again. Here,
 * only the operators below exist, column names and values are quoted, and their number is limited.
 * @module
 */
import { z } from 'zod';

/** How many conditions a call may have, and how many alternatives one of them. */
export const MOST_CONDITIONS = 20;
/** How many values `in` and `not in` may have. */
export const MOST_VALUES = 1_000;
/** The size of all conditions, in characters of JSON. */
export const LARGEST_WHERE = 100_000;

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>=', 'starts with', 'contains'] as const;
const LISTS = ['in', 'not in'] as const;
const ABSENCE = ['null', 'not null'] as const;

const value = z.union([z.string(), z.number(), z.boolean()]);

const condition = z
  .strictObject({
    column: z.string().min(1),
    is: z.enum([...COMPARISONS, ...LISTS, ...ABSENCE]),
    value: value
      .optional()
      .describe('For all but "in", "not in", "null" and "not null". Write integers of more than 15 digits as text'),
    values: z.array(value).min(1).max(MOST_VALUES).optional().describe('For "in" and "not in"'),
  })
  .superRefine((given, context) => {
    const isList = LISTS.some((each) => each === given.is);
    const isAbsence = ABSENCE.some((each) => each === given.is);
    const problem = (message: string): void => context.addIssue({ code: 'custom', message });
    if (isList !== (given.values !== undefined)) problem(`"${given.is}" ${isList ? 'needs' : 'takes no'} \`values\``);
    if ((isList || isAbsence) === (given.value !== undefined))
      problem(`"${given.is}" ${isList || isAbsence ? 'takes no' : 'needs a'} \`value\``);
  });

/** The schema of the argument `where`. */
export const whereSchema = z
  .array(z.union([condition, z.strictObject({ any: z.array(condition).min(1).max(MOST_CONDITIONS) })]))
  .max(MOST_CONDITIONS)
  .refine((where) => JSON.stringify(where).length <= LARGEST_WHERE, `must have at most ${LARGEST_WHERE} characters`)
  .optional()
  .describe(
    'Which rows to load: those for which every condition holds, such as [{"column": "country", "is": "in", "values": ' +
      '["DE", "FR"]}, {"column": "day", "is": ">=", "value": "2024-01-01"}]. An entry {"any": […]} holds if one of its ' +
      'conditions does. A comparison with an empty value never holds. Text is compared character by character, and ' +
      'values have the type of their column. Default: all rows',
  );

/** One comparison. */
export type Condition = z.output<typeof condition>;
/** Conditions that must all hold. */
export type Where = NonNullable<z.output<typeof whereSchema>>;

/** Returns all comparisons, whether they must all hold or are alternatives. */
export function conditionsOf(where: Where): Condition[] {
  return where.flatMap((entry) => ('any' in entry ? entry.any : [entry]));
}
