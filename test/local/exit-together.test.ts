/** Users that exit at the same moment, as on Ctrl-C: the last of them still stops the server. */
import { afterEach, expect, it } from 'vitest';
import {
  cleanUpLocalServices,
  gone,
  Holder,
  leases,
  serverOf,
  temporaryDirectory,
  until,
} from '../helpers/local-services.js';

afterEach(cleanUpLocalServices);

it.each([1, 2, 3])('the server stops when all users exit at the same time (round %i)', async () => {
  const dir = await temporaryDirectory();
  const holders = Array.from({ length: 4 }, () => new Holder('echo', dir));
  await Promise.all(holders.map(async (holder) => await holder.got()));
  const server = serverOf(dir);
  await Promise.all(holders.map(async (holder) => await holder.exitWithoutRelease()));
  await until(() => gone(server), 'the server has ended');
  expect(leases(dir)).toHaveLength(0);
});
