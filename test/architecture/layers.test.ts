/** Plants imports in a temporary folder tree and checks which ones the layer rules reject. @module */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { afterEach, describe, expect, it } from 'vitest';
import rules, { folders } from '../../.dependency-cruiser.mjs';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const roots: string[] = [];

interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

/** @returns the names of the rules that these files violate */
async function broken(files: Readonly<Record<string, string>>): Promise<string[]> {
  return (await violations(files)).map(({ rule }) => rule);
}

async function violations(files: Readonly<Record<string, string>>): Promise<Violation[]> {
  const root = mkdtempSync(join(tmpdir(), 'mcp-tasks-layers-'));
  roots.push(root);
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  const { forbidden = [], options = {} } = rules;
  const { output } = await cruise(
    [...new Set(Object.keys(files).map((file) => file.split('/')[0] ?? file))],
    { ...options, baseDir: root, validate: true, ruleSet: { forbidden } },
    options.enhancedResolveOptions,
  );
  return (output as ICruiseResult).summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
}

const fileOf = (folder: string): string => {
  if (folder.endsWith('.ts')) return `src/${folder}`;
  return folder === 'workflows' ? 'workflows/planted.ts' : `src/${folder}/planted.ts`;
};

const importing = (from: string, to: readonly string[]): string => {
  const lines = to.map((target, i) => {
    const path = relative(dirname(from), target).replace(/\.ts$/, '.js');
    return `export type { T as T${i} } from '${path.startsWith('.') ? path : `./${path}`}';\n`;
  });
  return `export type T = string;\n${lines.join('')}`;
};

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

describe('the layer rules', () => {
  it('let each folder import exactly the folders it lists', async () => {
    const names = Object.keys(folders);
    const othersOf = (name: string): string[] => names.filter((other) => other !== name);
    const found = await violations(
      Object.fromEntries(names.map((name) => [fileOf(name), importing(fileOf(name), othersOf(name).map(fileOf))])),
    );
    for (const name of names) {
      const rejected = found.filter(
        ({ rule, from }) => from === fileOf(name) && rule.startsWith(`${name}-knows-only-`),
      );
      const forbidden = othersOf(name).filter((other) => !folders[name]?.includes(other));
      expect(rejected.map(({ to }) => to).toSorted(), name).toEqual(forbidden.map(fileOf).toSorted());
    }
  });

  it.each([
    ['src/task/planted.ts', '@temporalio/common', 'task-imports-no-other-sdk'],
    ['src/mcp/planted.ts', '@modelcontextprotocol/server', 'mcp-imports-no-other-sdk'],
    ['src/temporal/planted.ts', '@temporalio/worker', 'temporal-imports-no-other-sdk'],
    ['src/client/planted.ts', '@temporalio/client', 'client-imports-no-other-sdk'],
    ['src/sdk/planted.ts', '@modelcontextprotocol/server', 'sdk-imports-no-other-sdk'],
    ['src/temporal/planted.ts', '@temporalio/common/lib/time.js', 'temporal-internals-only-in-the-seam'],
    ['src/protocol/planted.ts', '@modelcontextprotocol/server', 'protocol-imports-no-other-sdk'],
    ['workflows/planted.ts', 'node:fs', 'workflow-code-uses-nothing-of-node'],
  ])('keep %s from importing %s', async (from, sdk, rule) => {
    expect(await broken({ [from]: `import * as sdk from '${sdk}';\nexport const planted = sdk;\n` })).toContain(rule);
  });

  it.each([
    ['src/protocol/planted.ts', 'versions-only-through-the-registry'],
    ['src/server/planted.ts', 'versions-only-through-the-registry'],
    ['src/protocol/2026-07-28/planted.ts', 'versions-know-no-other-version'],
  ])('keep %s from importing a version', async (from, rule) => {
    const version = 'src/protocol/2025-11-25/index.ts';
    const task = 'src/task/task.ts';
    const files = {
      [from]: importing(from, [version]),
      [version]: importing(version, [task]),
      [task]: importing(task, []),
    };
    expect(await broken(files)).toContain(rule);
  });

  it('let the registry import versions, and a version its own modules', async () => {
    const registry = 'src/protocol/registry.ts';
    const version = 'src/protocol/2025-11-25/index.ts';
    const call = 'src/protocol/2025-11-25/call.ts';
    const files = {
      [registry]: importing(registry, [version]),
      [version]: importing(version, [call]),
      [call]: importing(call, []),
    };
    expect(await broken(files)).toEqual([]);
  });

  it('find what a workflow imports indirectly', async () => {
    const files = {
      'workflows/planted.ts': "export { read } from '../src/task/read.js';\n",
      'src/task/read.ts': "export { readFileSync as read } from 'node:fs';\n",
    };
    expect(await broken(files)).toContain('workflow-code-uses-nothing-of-node');
  });

  it('find cycles, including those of types', async () => {
    const files = {
      'src/task/one.ts': "import type { Two } from './two.js';\nexport type One = Two;\n",
      'src/task/two.ts': "import type { One } from './one.js';\nexport type Two = One | string;\n",
    };
    expect(await broken(files)).toContain('no-cycles');
  });

  it('find a module without imports that nothing imports', async () => {
    expect(await broken({ 'src/task/alone.ts': 'export const alone = 1;\n' })).toEqual(['no-orphans']);
  });

  it('find a folder without a rule', async () => {
    const files = {
      'src/new/planted.ts': importing('src/new/planted.ts', ['src/task/planted.ts']),
      'src/task/planted.ts': 'export type T = 1;\n',
    };
    expect(await broken(files)).toEqual(['every-folder-has-a-rule']);
  });
});
