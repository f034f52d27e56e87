import { delimiter } from 'node:path';
import { expect, test } from 'vitest';
import { database } from '../../src/tools/databases.js';
import { toolsConfigFromEnv } from '../../src/tools/index.js';

test('the environment names roots and databases', () => {
  const env = {
    MCP_TASKS_ROOTS: ['/data', '/srv/in'].join(delimiter),
    DATABASE_URL: 'postgres://u:secret@db/app',
    MCP_TASKS_DATABASE_WAREHOUSE: 'duckdb:/srv/w.duckdb',
    OTHER: 'x',
  };
  expect(toolsConfigFromEnv(env)).toEqual({
    roots: ['/data', '/srv/in'],
    databases: { default: 'postgres://u:secret@db/app', warehouse: 'duckdb:/srv/w.duckdb' },
  });
});

test('nothing configured is nothing open', () => {
  expect(toolsConfigFromEnv({})).toEqual({ roots: [], databases: {} });
});

test.each(['mysql://u:secret@db/app', 'duckdb:', 'secret', 'postgres://u:secret@:x:y/'])(
  'a wrong URL is named by its variable, not quoted: %s',
  (url) => {
    expect(() => toolsConfigFromEnv({ MCP_TASKS_DATABASE_X: url })).toThrow(
      'MCP_TASKS_DATABASE_X must be postgres://… or duckdb:<file>',
    );
  },
);

test('an unknown database lists the configured names and no URL', () => {
  const config = { roots: [], databases: { b: 'postgres://u:secret@db/app', a: 'duckdb:/x' } };
  expect(() => database(config, 'c')).toThrow('there is no database "c"; configured are: a, b');
  expect(() => database(config, 'toString')).toThrow('configured are: a, b');
  expect(() => database({ roots: [], databases: {} }, 'c')).toThrow('none is configured');
});
