// Prepares package.json and package-lock.json for the image: what serving and the reference tools need is a dependency,
// and everything else that only development needs is gone. Every version and hash stays as in the lockfile.
//
//   node docker/production.mjs && npm ci --ignore-scripts
import { readFileSync, writeFileSync } from 'node:fs';

/** The optional peers that the image's commands use. */
const PEERS = [
  '@duckdb/node-api',
  '@modelcontextprotocol/server',
  '@temporalio/activity',
  '@temporalio/client',
  '@temporalio/common',
  '@temporalio/worker',
  '@temporalio/workflow',
  'pg',
  'pg-copy-streams',
];

function forProduction(given) {
  const { devDependencies, peerDependencies: _, peerDependenciesMeta: __, ...root } = given;
  const peers = Object.fromEntries(PEERS.map((name) => [name, devDependencies[name]]));
  return { ...root, dependencies: { ...root.dependencies, ...peers } };
}

function change(file, how) {
  writeFileSync(file, `${JSON.stringify(how(JSON.parse(readFileSync(file, 'utf8'))), undefined, 2)}\n`);
}

change('package.json', forProduction);
change('package-lock.json', (lock) => ({
  ...lock,
  packages: { ...lock.packages, '': forProduction(lock.packages['']) },
}));
