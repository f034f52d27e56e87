import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ENTRY = new URL('../../dist/src/tools/index.js', import.meta.url);

test('a server can describe the tools without loading their engines', async () => {
  const script = `
    import { createRequire } from 'node:module';
    const { referenceTools, referenceActivities } = await import(${JSON.stringify(ENTRY.href)});
    const config = { roots: [], databases: {} };
    const names = referenceTools(config).map((tool) => tool.name);
    referenceActivities(config);
    const engines = Object.keys(createRequire(import.meta.url).cache).filter((file) => /node_modules.(pg|pg-copy-streams|@duckdb)\\b/.test(file));
    process.stdout.write(JSON.stringify({ names, engines }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });
  expect(JSON.parse(stdout)).toEqual({ names: ['load_dataset', 'convert_file', 'list_files'], engines: [] });
});
