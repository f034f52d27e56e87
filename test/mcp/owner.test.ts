/** What the author's owner rule may return. */
import { expect, it } from 'vitest';
import { httpOwner, stdioOwner, type OwnerRule } from '../../src/mcp/request/owner.js';

it.each<[string, unknown]>([
  ['undefined', undefined],
  ['an empty string', ''],
  ['a promise', Promise.resolve('ann')],
  ['an object', { tenant: 'ann' }],
])('refuses %s as an owner, which would merge all callers', (_, returned) => {
  const rule = (() => returned) as OwnerRule;
  const refusal = expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining('`owner`') });
  expect(() => httpOwner(rule, undefined)).toThrow(refusal);
  expect(() => stdioOwner(rule)).toThrow(refusal);
});

it('keeps the owners that a rule names apart', () => {
  const rule: OwnerRule = (authInfo) => authInfo?.clientId ?? 'nobody';
  const ann = httpOwner(rule, { token: 't', clientId: 'ann', scopes: [] });
  expect(ann.id).not.toBe(httpOwner(rule, undefined).id);
});
