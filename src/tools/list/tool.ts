/** The definition of `list_files`, which shows which files the other tools can read: a short function tool. @module */
import { defineTool, type DurableTool } from '../../tool/define-tool.js';
import type { ToolsConfig } from '../config.js';
import { hidingPaths } from '../hide-paths.js';
import { listInput, listOutput, MOST_LISTED } from './schema.js';

export function defineListFiles(config: ToolsConfig): DurableTool {
  return defineTool({
    name: 'list_files',
    title: 'List files',
    description:
      'Lists the files that load_dataset and convert_file can read, with their sizes, formats and columns. Start here ' +
      `if you don't know the exact path. Returns at most ${MOST_LISTED} files at a time.`,
    inputSchema: listInput,
    outputSchema: listOutput,
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    expected: 'seconds',
    run: async (args, ctx) => {
      // Only workers need this: a server loads just the definitions.
      const { listFiles } = await import('./list.js');
      return await hidingPaths(config, async () => await listFiles(config, args, ctx.signal));
    },
  });
}
