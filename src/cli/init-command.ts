/** `mcp-tasks-temporal init`: writes a first gateway file. @module */
import { writeFile } from 'node:fs/promises';
import { McpTasksError } from '../task/errors.js';
import { endCommand } from './process-end.js';
import { firstFile } from '../gateway/first-file.js';
import { withCalls } from '../gateway/open-calls.js';
import { proposals } from '../gateway/proposals.js';
import { referenceTools } from '../tools/definitions.js';

export interface InitOptions {
  /** Proposes tools from the workflows that ran recently. */
  readonly fromCluster?: boolean;
  readonly dir: string;
}

/**
 * @throws McpTasksError `CONFIGURATION` if the file exists or cannot be written, or if there is nothing to propose;
 * `TEMPORAL_UNAVAILABLE`
 */
export async function init(file: string, options: InitOptions): Promise<void> {
  try {
    await writeFirst(file, options);
  } finally {
    endCommand();
  }
}

async function writeFirst(file: string, { fromCluster = false, dir }: InitOptions): Promise<void> {
  const ours = referenceTools({ roots: [], databases: {} });
  const tools = fromCluster ? await withCalls({ dir }, async (calls) => await proposals(calls, ours)) : undefined;
  if (tools?.length === 0)
    throw new McpTasksError(
      'CONFIGURATION',
      'no workflows ran recently in this namespace. To look in another one, set TEMPORAL_NAMESPACE; to write an example, omit --from-cluster',
    );
  await writeFile(file, firstFile(tools), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    throw new McpTasksError(
      'CONFIGURATION',
      error.code === 'EEXIST'
        ? `${file} already exists, and init never overwrites a file. Pass another name, or delete this file`
        : `${file} cannot be written: ${error.message}`,
      { cause: error },
    );
  });
  process.stdout.write(
    `Wrote ${file}${tools ? `, with ${tools.length} ${tools.length === 1 ? 'tool' : 'tools'} to review` : ''}. Next: mcp-tasks-temporal check ${file}\n`,
  );
}
