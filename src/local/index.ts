export { acquireLocalService, type AcquireOptions } from './service.js';
export type { Launch, LocalService } from './definition.js';
export type { LocalServiceLease } from './lease.js';
export { LOOPBACK, knock, type Ports } from './ports.js';
export type { ServerCommand } from './server-process.js';
