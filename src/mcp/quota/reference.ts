/** Writes the tables of `docs/limits.md` from the limits in the code. Pure. @module */
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
import { DEEPEST } from '../../limits/nesting.js';
import { SHARED, SINGLE } from './table.js';

/** Returns the Markdown tables, by the names that the page's comments give them. */
export function limitTables(): Readonly<Record<'shared' | 'single' | 'sizes', string>> {
  return {
    shared: table(
      ['limit', 'for each owner', 'for each process', 'what counts', 'beyond it'],
      Object.entries(SHARED).map(([name, row]) => [
        `\`${name}\``,
        number(row.perOwner),
        number(row.perProcess),
        row.meaning,
        'beyond' in row ? row.beyond : 'The request is refused',
      ]),
    ),
    single: table(
      ['limit', 'default', 'for each', 'what counts', 'beyond it'],
      Object.entries(SINGLE).map(([name, row]) => [
        `\`${name}\``,
        number(row.each),
        row.of,
        row.meaning,
        'beyond' in row ? row.beyond : 'The request is refused',
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
        ['nesting of arguments and answers', `${number(DEEPEST)} levels`, 'none'],
      ],
    ),
  };
}

function bytes(value: number): string {
  return `${number(value)} bytes`;
}

function characters(value: number): string {
  return `${number(value)} characters`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [head, head.map(() => '---'), ...rows].map(line).join('');
}
