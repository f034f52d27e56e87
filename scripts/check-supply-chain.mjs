// Checks the supply chain: the lockfile, the image's packages, their licenses, known vulnerabilities, and that
// every base image is pinned by its digest. Needs the npm registry and a build (`npm run check:supply-chain` builds).
//
// `-- --images` also asks Docker Hub whether the pinned images exist.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (...path) => readFileSync(join(root, ...path), 'utf8');
const { packages } = JSON.parse(read('package-lock.json'));

/** Licenses that require no more than a notice. */
const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 AND MIT',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Unlicense',
];
/** Licenses of packages that only development uses. */
const IN_DEVELOPMENT = [...PERMISSIVE, 'MPL-2.0', 'Python-2.0'];
/** Packages with another entry, and why they are accepted. */
const ACCEPTED = {
  'caniuse-lite': 'CC-BY-4.0: data about browsers, which webpack uses',
  spawndamnit: 'its LICENSE is MIT',
  unionfs: 'its LICENSE is the Unlicense',
};

const problems = [
  ...incomplete(),
  ...licences(packages, IN_DEVELOPMENT, 'the lockfile'),
  ...unpinnedImages(),
  ...(await missingImages()),
  ...checkImagePackages(),
];
for (const problem of problems) process.stderr.write(`supply chain: ${problem}\n`);
if (problems.length > 0) process.exit(1);
process.stdout.write('supply chain: no problems\n');

/** `npm ci` needs an entry for every platform's packages, and each entry needs a hash. */
function incomplete() {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {}, integrity, link }]) => [
    ...(path === '' || link || integrity ? [] : [`${path} has no hash in the lockfile`]),
    ...Object.keys(optionalDependencies)
      .filter((name) => !resolves(path, name))
      .map((name) => `${path} needs ${name}, which the lockfile lacks: run npm install --package-lock-only`),
  ]);
}

function resolves(from, name) {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (packages[`${base === '' ? '' : `${base}/`}node_modules/${name}`]) return true;
    if (base === '') return false;
  }
}

function licences(installed, allowed, where) {
  return Object.entries(installed).flatMap(([path, { license }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (path === '' || name in ACCEPTED || allowed.includes(license)) return [];
    return [
      `${name} in ${where} has the license ${license}, which is not on the list in scripts/check-supply-chain.mjs`,
    ];
  });
}

function images() {
  const used = /^\s*(?:FROM|image:) +(\S+)/gm;
  return ['Dockerfile', 'docker-compose.yml'].flatMap((file) =>
    [...read(file).matchAll(used)]
      .map(([, image]) => ({ file, image }))
      .filter(({ image }) => image !== 'mcp-tasks-temporal'),
  );
}

function unpinnedImages() {
  const unpinned = images().filter(({ image }) => !/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/.test(image));
  return [
    ...unpinned.map(({ file, image }) => `${file}: write ${image} with an exact tag and its digest`),
    ...(/npm (install|i) /.test(read('Dockerfile')) ? ['Dockerfile: install from the lockfile, with npm ci'] : []),
  ];
}

async function missingImages() {
  if (!process.argv.includes('--images')) return [];
  const asked = images().map(async ({ file, image }) => {
    const [, name, digest] = /^(.+?):.*@(.+)$/.exec(image) ?? [];
    const repository = name.includes('/') ? name : `library/${name}`;
    const service = 'https://auth.docker.io/token?service=registry.docker.io';
    const { token } = await (await fetch(`${service}&scope=repository:${repository}:pull`)).json();
    const { status } = await fetch(`https://registry-1.docker.io/v2/${repository}/manifests/${digest}`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.oci.image.index.v1+json, */*' },
    });
    return status === 200 ? [] : [`${file}: Docker Hub answers ${status} for ${image}`];
  });
  return (await Promise.all(asked)).flat();
}

/** Installs the image's packages as the Dockerfile does, loads them, and checks their licenses and known vulnerabilities. */
function checkImagePackages() {
  const dir = mkdtempSync(join(tmpdir(), 'mcp-tasks-image-'));
  const run = (program, ...args) =>
    execFileSync(program, args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    for (const file of ['package.json', 'package-lock.json', 'dist'])
      cpSync(join(root, file), join(dir, file), { recursive: true });
    cpSync(join(root, 'docker/production.mjs'), join(dir, 'production.mjs'));
    run('node', 'production.mjs');
    run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
    run('node', 'dist/src/cli/main.js', 'serve', '--help');
    run(
      'node',
      '--input-type=module',
      '-e',
      "await import('@temporalio/worker'); await import('@duckdb/node-api'); await import('pg')",
    );
    const installed = JSON.parse(readFileSync(join(dir, 'node_modules/.package-lock.json'), 'utf8')).packages;
    const changed = Object.entries(installed).filter(
      ([path, { integrity }]) => packages[path]?.integrity !== integrity,
    );
    return [
      ...changed.map(([path]) => `the image's ${path} is not that of the lockfile`),
      ...licences(installed, PERMISSIVE, 'the image'),
      ...vulnerabilities(dir),
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function vulnerabilities(cwd) {
  let answer;
  try {
    answer = execFileSync('npm', ['audit', '--json'], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    // npm ends with 1 for vulnerabilities too.
    answer = error.stdout;
  }
  const { vulnerabilities: found, message, statusCode } = JSON.parse(answer);
  // Only this: a registry that fails or is unreachable must not look like one without vulnerabilities.
  if (statusCode === 404 || statusCode === 405) {
    process.stdout.write(
      'supply chain: NOT AUDITED, because this npm registry has no list of vulnerabilities (it answers 404 or 405)\n',
    );
    return [];
  }
  if (!found) return [`npm audit failed: ${message}`];
  return Object.values(found)
    .filter(({ severity }) => severity !== 'info' && severity !== 'low')
    .map(
      ({ name, severity, range }) =>
        `the image's ${name} ${range} has a known vulnerability (${severity}): see npm audit`,
    );
}
