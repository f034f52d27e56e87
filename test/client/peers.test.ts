/** The task client loads without either MCP SDK, because a host may have installed only one of them. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const dist = new URL('../../dist/src/client/', import.meta.url);

/** Imports `specifier` in a process where neither SDK can be resolved. @returns the names of its exports */
async function importWithoutSdk(specifier: string): Promise<string> {
  const hook = `export const resolve = (name, context, next) => { if (name.startsWith('@modelcontextprotocol/')) throw new Error(name + ' is not installed'); return next(name, context); };`;
  const code = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));
    console.log(Object.keys(await import(${JSON.stringify(specifier)})).join());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  return stdout.trim();
}

it('loads with neither SDK installed', async () => {
  expect(await importWithoutSdk(new URL('index.js', dist).href)).toBe(
    'JsonRpcError,McpTasksError,UnexpectedAnswerError,callTool,fileTaskStore,isMcpTasksError,rawDispatch,resume,tasksCapability',
  );
  await expect(importWithoutSdk('@modelcontextprotocol/client')).rejects.toThrow('is not installed');
});

it('has types that import neither SDK', async () => {
  const declarations = (await readdir(dist)).filter((name) => name.endsWith('.d.ts'));
  expect(declarations).toContain('mcp-client.d.ts');
  for (const name of declarations)
    expect(await readFile(new URL(name, dist), 'utf8'), name).not.toMatch(
      /(?:from|import\()\s*['"]@modelcontextprotocol\//,
    );
});
