/** Replays every recorded history of every shipped workflow, to show that tasks of older versions still run. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import * as workflows from '../../workflows/tools/index.js';
import { workflowBundle } from '../helpers/workflow-bundle.js';

const workflowsPath = fileURLToPath(new URL('../../workflows/tools/index.ts', import.meta.url));
const histories = fileURLToPath(new URL('histories/', import.meta.url));
const shippedBundle = new URL('../../dist/workflows/tools/bundle.cjs', import.meta.url);
const changedWorkflows = fileURLToPath(new URL('../fixtures/changed-workflows.ts', import.meta.url));

function read(file: string): { history: unknown; workflowId: string } {
  const { history, workflowId } = JSON.parse(readFileSync(histories + file, 'utf8')) as {
    history: object;
    workflowId: string;
  };
  return { history: proto.temporal.api.history.v1.History.fromObject(history), workflowId };
}

/** The bundle that the package ships, and that of the sources. */
const bundles = {
  shipped: async () => await Promise.resolve({ codePath: fileURLToPath(shippedBundle) }),
  sources: async () => await workflowBundle(workflowsPath),
};

describe.each(['shipped', 'sources'] as const)('in the bundle: %s', (bundle) => {
  it.each(readdirSync(histories))('replays %s', async (file) => {
    const { history, workflowId } = read(file);
    const options = { workflowBundle: await bundles[bundle]() };
    await expect(Worker.runReplayHistory(options, history, workflowId)).resolves.toBeUndefined();
  });
});

it('covers every shipped workflow', () => {
  const types = readdirSync(histories).map(
    (file) => /"workflowType":\s*{\s*"name":\s*"(\w+)"/.exec(readFileSync(histories + file, 'utf8'))?.[1],
  );
  expect(new Set(types)).toEqual(new Set(Object.keys(workflows)));
});

it('detects a change that breaks replay', async () => {
  const changed = await workflowBundle(changedWorkflows);
  const [file] = readdirSync(histories).filter((name) => name.startsWith('tool-task-completed'));
  const { history, workflowId } = read(file as string);
  await expect(Worker.runReplayHistory({ workflowBundle: changed }, history, workflowId)).rejects.toThrow(
    /[Nn]ondeterminism|determinism/,
  );
});
