/** The installed version of a package, for canary tests: what fails then names the version that moved. @module */
import { readFileSync } from 'node:fs';

/** @returns for example `@temporalio/client 1.24.0` */
export function installed(name: string): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return `${name} ${version}`;
}
