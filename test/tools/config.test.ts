import { delimiter } from 'node:path';
import { expect, test } from 'vitest';
import { database } from '../../src/tools/databases.js';
import { toolsConfigFromEnv } from '../../src/tools/index.js';

test('the environment configures roots and databases', () => {
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

test('without configuration, no folder and no database is accessible', () => {
  expect(toolsConfigFromEnv({})).toEqual({ roots: [], databases: {} });
});

test.each(['mysql://u:secret@db/app', 'duckdb:', 'secret', 'postgres://u:secret@:x:y/'])(
  'an error about an invalid URL names the variable, not the URL: %s',
  (url) => {
    expect(() => toolsConfigFromEnv({ MCP_TASKS_DATABASE_X: url })).toThrow(
      'MCP_TASKS_DATABASE_X must be postgres://… or duckdb:<file>',
    );
  },
);

test('an error about an unknown database lists the configured names but no URL', () => {
  const config = { roots: [], databases: { b: 'postgres://u:secret@db/app', a: 'duckdb:/x' } };
  expect(() => database(config, 'c')).toThrow('no database named "c" is configured; use one of: a, b');
  expect(() => database(config, 'toString')).toThrow('use one of: a, b');
  expect(() => database({ roots: [], databases: {} }, 'c')).toThrow(
    'no database named "c" is configured; set DATABASE_URL for the worker',
  );
});
