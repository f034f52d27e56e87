import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { ToolError } from '../../src/activity/index.js';
import { copyPlace, postgresError } from '../../src/tools/target/postgres/errors.js';

function error(code: string | undefined, message = 'some message'): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

test.each([
  ['08006', 'connection failure'],
  ['08000', 'connection exception'],
  ['57P01', 'terminated by an administrator'],
  ['57P03', 'starting up'],
  ['53300', 'too many connections'],
  ['53100', 'disk full'],
  ['40P01', 'deadlock'],
  ['40001', 'serialization'],
  ['55P03', 'lock timeout'],
  ['ECONNREFUSED', 'refused'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'broken pipe'],
  ['EAI_AGAIN', 'name server away'],
])('%s is retried: %s', (code) => {
  const mapped = postgresError('main', error(code)) as ApplicationFailure;
  expect(mapped).toBeInstanceOf(ApplicationFailure);
  expect(mapped.nonRetryable).toBe(false);
  expect(mapped.message).toMatch(/^database "main": /);
  expect(mapped.cause).toBeUndefined();
});

test.each(['Connection terminated unexpectedly', 'timeout expired'])(
  'a lost connection without a code: %s',
  (message) => {
    expect(postgresError('main', error(undefined, message))).toMatchObject({
      nonRetryable: false,
      type: 'DatabaseUnavailable',
    });
  },
);

test.each([
  ['28P01', 'database "main": wrong user name or password (some message) [28P01]'],
  ['3D000', 'database "main": the server has no database with this name (some message) [3D000]'],
  ['42P01', 'database "main": some message [42P01]'],
  ['22P02', 'database "main": some message [22P02]'],
  ['ENOTFOUND', 'database "main": host not found'],
])('%s fails at once', (code, message) => {
  const mapped = postgresError('main', error(code)) as Error;
  expect(mapped).toBeInstanceOf(ToolError);
  expect(mapped.message).toBe(message);
});

test.each([
  [undefined, 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'],
  [undefined, 'The server does not support SSL connections'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
])('a rejected login fails at once: %s %s', (code, message) => {
  const mapped = postgresError('main', error(code, message)) as Error;
  expect(mapped).toBeInstanceOf(ToolError);
  expect(mapped.message).toBe(`database "main": ${message}`);
});

test('a network error does not reveal the address', () => {
  const refused = error('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.7:5432');
  expect((postgresError('main', refused) as Error).message).toBe('database "main": connection failed (ECONNREFUSED)');
});

test('errors from elsewhere stay unchanged', () => {
  for (const other of [new TypeError('x'), error('ERR_MODULE_NOT_FOUND'), new ToolError('x'), error('ENOENT')]) {
    expect(postgresError('main', other)).toBe(other);
  }
});

test.each([
  ['COPY mcp_1_staging, line 5, column age: "abc"', { line: 5, column: 'age' }],
  ['COPY mcp_1_staging, line 7', { line: 7 }],
  ['JSON data, line 1: NaN\nCOPY mcp_1_staging, line 2, column j: "[NaN]"', { line: 2, column: 'j' }],
  ['SQL function "f"', undefined],
  [undefined, undefined],
])('the place of a COPY error: %s', (where, place) => {
  expect(copyPlace(Object.assign(new Error('x'), { where }))).toEqual(place);
});
