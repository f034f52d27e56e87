/** Writes the reference tools' table in `docs/limits.md` from the limits in the code. Pure. @module */
import { number } from '../limits/limits.js';
import { bytes, table } from '../limits/markdown.js';
import { DEFAULT_MEMORY, DEFAULT_SPILL, DEFAULT_TIME, MOST_DEFAULT_THREADS, VARIABLES } from './duckdb-limits.js';
import { MOST_COLUMNS, MOST_DESCRIBED, MOST_LISTED } from './list/schema.js';
import { DEFAULT_BYTES, DEFAULT_DOWNLOAD_TIME, REMOTE_VARIABLES } from './remote/limits.js';
import { LONGEST_SOURCE, MOST_ENTRIES, MOST_FILES } from './source/find.js';
import { MOST_SEGMENTS } from './source/glob.js';
import { LARGEST_WHERE, MOST_CONDITIONS, MOST_VALUES } from './source/where.js';

/** Returns the Markdown table. */
export function toolLimitTable(): string {
  return table(
    ['what', 'default', 'option of `ToolsConfig`', 'variable'],
    [
      [
        'memory of one DuckDB session',
        `${bytes(DEFAULT_MEMORY)}, or a quarter of the process's memory if that is less`,
        ...settings('memory'),
      ],
      ['temporary files of one session', bytes(DEFAULT_SPILL), ...settings('spill')],
      [
        'threads of one session',
        `half of the CPUs, at least 1 and at most ${MOST_DEFAULT_THREADS}`,
        ...settings('threads'),
      ],
      ['time of one statement; each pass over a file is one', DEFAULT_TIME, ...settings('time')],
      ['size of a downloaded source', bytes(DEFAULT_BYTES), '`remote.bytes`', `\`${REMOTE_VARIABLES.bytes}\``],
      ['time of one attempt to download it', DEFAULT_DOWNLOAD_TIME, '`remote.time`', `\`${REMOTE_VARIABLES.time}\``],
      ['length of a path or pattern', `${number(LONGEST_SOURCE)} characters`, 'fixed', ''],
      ['folders in a pattern', number(MOST_SEGMENTS), 'fixed', ''],
      ['files that a pattern matches', number(MOST_FILES), 'fixed', ''],
      ['files and folders that one search looks at', number(MOST_ENTRIES), 'fixed', ''],
      ['conditions in `where`; alternatives in `any`', number(MOST_CONDITIONS), 'fixed', ''],
      ['values of `in`', number(MOST_VALUES), 'fixed', ''],
      ['`where` as JSON', `${number(LARGEST_WHERE)} characters`, 'fixed', ''],
      ['files in one answer of `list_files`', number(MOST_LISTED), 'fixed', ''],
      ['files in one answer whose columns are listed', number(MOST_DESCRIBED), 'fixed', ''],
      ['columns of a file in one answer', number(MOST_COLUMNS), 'fixed', ''],
    ],
  );
}

function settings(limit: keyof typeof VARIABLES): readonly [option: string, variable: string] {
  return [`\`duckdb.${limit}\``, `\`${VARIABLES[limit]}\``];
}
