// Writes the API reference into the folder api/: npm run docs:api. Fails if an exported symbol or a method has no doc
// comment, if a link in one leads nowhere, or if a function that authors call has no @example.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entryPoints = Object.values(exports)
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.replace('./dist/', '').replace(/\.js$/, '.ts'));

// TypeDoc needs the compiler's API, which TypeScript 7 does not have: npx brings both.
const typedoc = ['--yes', '--package=typedoc@0.28.20', '--package=typescript@6.0.3', '--', 'typedoc'];
const options = [
  '--tsconfig tsconfig.build.json --readme none --name mcp-tasks-temporal --out api --json api/api.json',
  // Type errors are for `npm run typecheck`, by the project's own compiler.
  '--skipErrorChecking --excludePrivate --excludeProtected --excludeExternals --treatWarningsAsErrors',
  '--validation.notDocumented true --validation.invalidLink true --validation.notExported false',
  ...['Class', 'Interface', 'TypeAlias', 'Enum', 'Function', 'Variable', 'Method', 'Accessor'].map(
    (kind) => `--requiredToBeDocumented ${kind}`,
  ),
].flatMap((line) => line.split(' '));
try {
  execFileSync('npx', [...typedoc, ...options, ...entryPoints], { cwd: root, stdio: 'inherit' });
} catch {
  process.exit(1);
}

const FUNCTION = 64;
const { children: modules } = JSON.parse(readFileSync(join(root, 'api/api.json'), 'utf8'));
const missing = modules
  // Temporal calls workflows, authors only export them.
  .filter(({ name }) => !name.startsWith('workflows'))
  .flatMap(({ name, children }) =>
    children
      .filter((symbol) => symbol.kind === FUNCTION && !hasExample(symbol))
      .map((symbol) => `${name}: ${symbol.name}`),
  );
if (missing.length > 0) {
  process.stderr.write(`These functions have no @example:\n${missing.map((line) => `  ${line}\n`).join('')}`);
  process.exitCode = 1;
}

function hasExample({ signatures }) {
  return signatures.some(({ comment }) => comment?.blockTags?.some(({ tag }) => tag === '@example'));
}
