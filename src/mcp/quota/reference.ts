/** Writes the tables of `docs/limits.md` from the limits in the code. Pure. @module */
import { DEEPEST_SCHEMA, MOST_STEPS } from '../../json-schema/evaluation.js';
import { LONGEST_FORMATTED } from '../../json-schema/formats.js';
import { DEEPEST_VALUE, MOST_PROBLEMS } from '../../json-schema/json-schema.js';
import {
  LARGEST_CHECKPOINT,
  LARGEST_ERROR_DATA,
  LARGEST_MESSAGE,
  LARGEST_PAYLOAD,
  LARGEST_STORED,
  LONGEST_ERROR,
  LONGEST_STATUS,
  LONGEST_TOKEN,
  number,
} from '../../limits/limits.js';
import { amount, bytes, table } from '../../limits/markdown.js';
import { DEEPEST } from '../../limits/nesting.js';
import { SHARED, SINGLE, type SharedRow, type SingleRow } from './table.js';

const REFUSED = 'The request is refused';

/** Returns the Markdown tables, by the names that the page's comments give them. */
export function limitTables(): Readonly<Record<'shared' | 'single' | 'sizes' | 'schemas', string>> {
  return {
    shared: table(
      ['limit', 'for each owner', 'for each process', 'what counts', 'beyond it'],
      Object.entries<SharedRow>(SHARED).map(([name, row]) => [
        `\`${name}\``,
        amount(row.perOwner, row.unit),
        amount(row.perProcess, row.unit),
        row.meaning,
        row.beyond ?? REFUSED,
      ]),
    ),
    single: table(
      ['limit', 'default', 'for each', 'what counts', 'beyond it'],
      Object.entries<SingleRow>(SINGLE).map(([name, row]) => [
        `\`${name}\``,
        amount(row.each, row.unit),
        row.of,
        row.meaning,
        row.beyond ?? REFUSED,
      ]),
    ),
    sizes: table(
      ['what', 'limit', "Temporal's own default"],
      [
        [
          'values in one message: arguments, a result, an answer, open questions',
          bytes(LARGEST_PAYLOAD),
          bytes(2_097_152),
        ],
        ['one value in external storage', bytes(LARGEST_STORED), 'none'],
        ['everything that a workflow sends at once', bytes(LARGEST_MESSAGE), bytes(4_194_304)],
        ['a checkpoint', `${bytes(LARGEST_CHECKPOINT)} of JSON`, `${bytes(8_388_608)} of workflow state`],
        ['the data of an error', `${bytes(LARGEST_ERROR_DATA)} of JSON`, 'as for values'],
        ['the message of an error', characters(LONGEST_ERROR), 'as for values'],
        ['a status or progress message', characters(LONGEST_STATUS), 'as for values'],
        ['a progress token', characters(LONGEST_TOKEN), 'as for values'],
        ['nesting of arguments and answers', levels(DEEPEST), 'none'],
      ],
    ),
    schemas: table(
      ['what', 'limit', 'beyond it'],
      [
        [
          'steps of one check; each schema that is applied to a part of the value is one',
          number(MOST_STEPS),
          'The value is refused',
        ],
        ['nesting of the value', levels(DEEPEST_VALUE), 'The value is refused'],
        [
          'nesting of the schemas that are applied, including references',
          levels(DEEPEST_SCHEMA),
          'The value is refused',
        ],
        ['text with a `format`', characters(LONGEST_FORMATTED), 'The text does not match the format'],
        ['problems listed in one error', number(MOST_PROBLEMS), 'The error ends with `; and more`'],
      ],
    ),
  };
}

function characters(value: number): string {
  return `${number(value)} characters`;
}

function levels(value: number): string {
  return `${number(value)} levels`;
}
