/** Fourth step: checks that the loaded rows equal the source's. @module */
import type { StepContext } from '../../task/step-context.js';
import { ToolError } from '../../tool/errors.js';
import type { ToolsConfig } from '../config.js';
import type { Digest, LoadPlan } from './types.js';
import { recheckFiles } from '../source/inspect.js';
import { withTarget } from './with-target.js';

/** @throws ToolError with both counts and checksums, if the staging table's rows differ from the source's */
export async function verify(config: ToolsConfig, plan: LoadPlan, ctx: StepContext): Promise<Digest> {
  const { source, target } = plan;
  if (!source.remote) await recheckFiles(config.roots, source);
  const digest = await withTarget(
    { config, target, step: 'verify', ctx },
    async (opened) => await opened.digest(source),
  );
  if (digest.rows === source.rows && digest.checksum === source.checksum) return digest;
  throw new ToolError(
    `the loaded rows do not match the source: the source has ${source.rows} rows with checksum ${source.checksum}, ` +
      `the staging table has ${digest.rows} with checksum ${digest.checksum}; the target table was not changed`,
  );
}
