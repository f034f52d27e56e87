export { acquireLocalService, type AcquireOptions } from './acquire.js';
export { checkDurability, type Durability } from './durability.js';
export type { Launch, LocalService } from './definition.js';
export { environmentFor } from './environment.js';
export type { LocalServiceLease } from './service-lease.js';
export { LOOPBACK, knock, type Ports } from './ports.js';
export { creatingPrivateFiles, sharedFolder } from './private-files.js';
export type { ServerCommand } from './server-process.js';
