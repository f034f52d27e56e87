/** Only `src/protocol` and `src/client` name protocol versions; everything else takes a version as an object. @module */
import { parseSync } from '@swc/core';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { VERSIONS } from '../../src/protocol/registry.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const names = new Set(VERSIONS.map(({ name }) => name));

/** @returns the string literals of a module, those in types and imports too, that are a version or a path into one */
function versionLiterals(text: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, value, cooked } = node as { type?: string; value?: unknown; cooked?: unknown };
    const literal = type === 'StringLiteral' ? value : type === 'TemplateElement' ? cooked : undefined;
    if (typeof literal === 'string' && literal.split('/').some((part) => names.has(part))) found.push(literal);
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseSync(text, { syntax: 'typescript' }));
  return found;
}

describe('a protocol version', () => {
  it('is named by no module outside the registry and the client', () => {
    const files = readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !/^(protocol|client)\//.test(file),
    );
    expect(files.length).toBeGreaterThan(100);
    const naming = files.flatMap((file) =>
      versionLiterals(readFileSync(join(repository, 'src', file), 'utf8')).map((literal) => `${file}: ${literal}`),
    );
    expect(naming).toEqual([]);
  });

  it.each([
    ["if (version === '2025-11-25') refuse();", ['2025-11-25']],
    ["type Era = '2025-11-25' | '2026-07-28';", ['2025-11-25', '2026-07-28']],
    ['const name = `2026-07-28`;', ['2026-07-28']],
    ["import { task2025 } from '../protocol/2025-11-25/task.js';", ['../protocol/2025-11-25/task.js']],
    ['// In 2025-11-25 the caller asks for a task.', []],
    ["log('clients of protocol 2025-11-25');", []],
  ])('is found in %s', (text, literals) => {
    expect(versionLiterals(text)).toEqual(literals);
  });
});
