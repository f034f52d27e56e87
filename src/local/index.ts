export { acquireLocalService, type AcquireOptions, type Launch, type LocalService } from './service.js';
export type { LocalServiceLease } from './lease.js';
export { LOOPBACK, knock, type Ports } from './ports.js';
export type { ServerCommand } from './server-process.js';
