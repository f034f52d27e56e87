/** Bundles the bare workflows into a file. @module */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { serveParent } from './parent.js';

serveParent({
  start: async ({ file }: { file: string }) => {
    const workflowsPath = fileURLToPath(new URL('bare-workflows.js', import.meta.url));
    const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    await writeFile(file, code);
    return {};
  },
});
