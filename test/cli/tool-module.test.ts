/** Loading tools from a file for `serve`, and the errors when the file has none. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadTools } from '../../src/cli/tool-module.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-modules-'));
});
afterAll(async () => await rm(dir, { recursive: true, force: true }));

const TOOL =
  "{ name: 'greet', inputSchema: {}, taskSupport: 'optional', work: { kind: 'workflow', workflowType: 'greet' } }";
const greet = {
  name: 'greet',
  inputSchema: {},
  taskSupport: 'optional',
  work: { kind: 'workflow', workflowType: 'greet' },
};

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(dir, name), text);
  return join(dir, name);
}

it('reads tools from the default export, or from the export `tools`', async () => {
  expect(await loadTools(await file('default.mjs', `export default [${TOOL}];`))).toEqual({ tools: [greet] });
  expect(await loadTools(await file('common.cjs.js', `module.exports = { tools: [${TOOL}] };`))).toEqual({
    tools: [greet],
  });
  const more = `export const tools = [${TOOL}];\nexport const workflowsPath = './workflows.js';\nexport const activities = { greet: 1 };`;
  expect(await loadTools(await file('named.mjs', more))).toEqual({
    tools: [greet],
    workflowsPath: join(dir, 'workflows.js'),
    activities: { greet: 1 },
  });
});

it.each([
  ['json.json', '{}', '.js, .mjs, .ts, .mts, .yaml, .yml'],
  ['yaml.yaml', 'tools: []', 'yaml.yaml:1:8: tools: must not be empty'],
  ['none.mjs', 'export const other = 1;', 'export an array of tools'],
  ['empty.mjs', 'export default [];', 'export an array of tools'],
  ['one.mjs', `export default ${TOOL};`, 'export an array of tools'],
  ['raw.mjs', "export default [{ name: 'greet', run() {} }];", 'made by defineTool'],
])('refuses %s', async (name, text, message) => {
  await expect(loadTools(await file(name, text))).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining(message),
  });
});

it('refuses a missing file, and passes on the error of a module that throws', async () => {
  await expect(loadTools(join(dir, 'missing.mjs'))).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining('no such file'),
  });
  await expect(loadTools(await file('failing.mjs', "throw new RangeError('no database');"))).rejects.toThrow(
    'no database',
  );
});
