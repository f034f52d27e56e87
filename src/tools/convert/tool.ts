/** The definition of `convert_file`, which converts between file formats: a function tool with checkpoints. @module */
import { defineTool, type DurableTool } from '../../tool/define-tool.js';
import type { ToolsConfig } from '../config.js';
import { hidingPaths } from '../hide-paths.js';
import type { ConvertCheckpoint } from './convert.js';
import { remoteHint } from '../remote/limits.js';
import { convertInput, convertOutput } from './schema.js';

export function defineConvertFile(config: ToolsConfig): DurableTool {
  return defineTool<typeof convertInput, typeof convertOutput, ConvertCheckpoint>({
    name: 'convert_file',
    title: 'Convert a file',
    description:
      'Converts data files between CSV, NDJSON, JSON and Parquet. Several source files are combined into one. ' +
      `The target file appears only when it is complete.${remoteHint(config.remote)}`,
    inputSchema: convertInput,
    outputSchema: convertOutput,
    annotations: {
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: config.remote !== undefined,
    },
    run: async (args, ctx) => {
      // Only workers need this: a server loads just the definitions.
      const { convert } = await import('./convert.js');
      return await hidingPaths(config, async () => await convert(config, args, ctx));
    },
  });
}
