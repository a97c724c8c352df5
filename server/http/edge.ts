/** How a server stands to the network; of this machine's own server, next to nothing is set. */
import type { Store } from 'express-rate-limit'
import type { RateConfig } from '../config-edge.ts'

export interface EdgeSettings {
  /** The origin that the screen is opened at; set in server mode. */
  publicUrl?: string
  /** Other origins whose pages may ask. */
  corsOrigins?: readonly string[]
  /** Proxies before us. */
  trustProxy?: number
  /** Bytes of a request that is no upload: of one with text of documents, and of any other as far as that is less than usual. */
  maxRequestSize?: number
  /** Milliseconds until a request is given up whose answer has not begun. */
  requestTimeout?: number
  maxConnections?: number
  metricsToken?: string
  /** Without, requests are not counted. */
  rates?: RateConfig
  /** Where they are counted; in memory without it. */
  rateStore?: (name: string) => Store
  /** Milliseconds between two looks whether those are still let in whose requests last; for tests. */
  lookTime?: number
  /** Whether figures are kept from the start, and not only from when they are first asked for. */
  metrics?: boolean
}

/** Under these names other back ends were asked for the same. */
export const aliases: Readonly<Record<string, string>> = {
  '/api/v1/live': '/health/liveness',
  '/api/v1/ready': '/health/readiness',
  '/api/v1/health': '/health',
  '/api/v1/workers/health': '/health/workers',
  '/api/v1/cache/metrics': '/health/caches',
}
