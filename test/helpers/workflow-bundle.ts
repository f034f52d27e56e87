/**
 * Workflow bundles for the tests' workers. Building one takes a second or two, so each is built once per run and shared
 * by all test files, which are separate processes.
 * @module
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundlePath } from '@temporalio/worker';
import { inject } from 'vitest';
import './quiet.js';

const interceptors = fileURLToPath(new URL('../../src/workflow/interceptors.ts', import.meta.url));
const bundles = new Map<string, Promise<WorkflowBundlePath>>();

/** Returns the bundle of a workflows file, for the option `workflowBundle` of a worker. */
export async function workflowBundle(
  workflowsPath: string,
  failureConverterPath?: string,
): Promise<WorkflowBundlePath> {
  const key = `${workflowsPath} ${failureConverterPath ?? ''}`;
  const known = bundles.get(key);
  if (known) return await known;
  const built = build(workflowsPath, failureConverterPath, key);
  bundles.set(key, built);
  return await built;
}

async function build(
  workflowsPath: string,
  failureConverterPath: string | undefined,
  key: string,
): Promise<WorkflowBundlePath> {
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const codePath = join(inject('bundles'), `${name}.js`);
  if (existsSync(codePath)) return { codePath };
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: [interceptors],
    ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
    logger: new DefaultLogger('ERROR'),
  });
  // Two processes may build it at the same time: renaming makes each file appear complete.
  const unfinished = `${codePath}.${randomUUID()}`;
  await writeFile(unfinished, code);
  await rename(unfinished, codePath);
  return { codePath };
}
