/** Figures of this server for Prometheus. Never with a name, an address or a word of anybody's. */
import type { RequestHandler } from 'express'
import type { Registry } from 'prom-client'
import type { Core } from '../../shared/core.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { CacheCounts, Log } from '../../shared/ports.ts'
import { same } from './access.ts'
import { demandRole, whoAsks } from './identity.ts'
import { routeOf } from './routes.ts'

export interface Metrics {
  /** Counts what goes by. */
  watch: RequestHandler
  text(): Promise<{ type: string; text: string }>
}

export interface MetricsDependencies {
  core: Pick<Core, 'administration' | 'trouble' | 'reach' | 'modelCalls' | 'caches'>
  log: Log
}

/** Seconds. */
const durations = [0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1, 3, 10, 30, 120]

/** Loads the library, which takes memory: only where figures are wanted. */
export async function openMetrics({ core, log }: MetricsDependencies): Promise<Metrics> {
  const { Registry, Histogram, Gauge, Counter, collectDefaultMetrics } = await import('prom-client')
  const registry: Registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to the end of its answer, by route',
    labelNames: ['method', 'route', 'status'],
    buckets: durations,
    registers,
  })
  const open = new Gauge({ name: 'http_requests_open', help: 'Requests that are being answered', registers })
  const reach = new Histogram({
    name: 'database_reach_seconds',
    help: 'Time of the smallest question to the database, asked with each look at these figures',
    buckets: durations,
    registers,
  })
  const jobs = new Gauge({ name: 'jobs', help: 'Work in the queue, and given up', labelNames: ['state'], registers })
  const trouble = new Gauge({ name: 'work_stands_still', help: '1 while background work stands still', registers })
  const asked = (what: keyof CacheCounts, help: string) =>
    new Counter({
      name: `cache_${what}_total`,
      help,
      labelNames: ['cache'],
      registers,
      collect() {
        this.reset()
        for (const { name, counts } of core.caches()) this.inc({ cache: name }, counts[what])
      },
    })
  asked('hits', 'What was asked of a cache and was there')
  asked('misses', 'What was asked of a cache and was not there')
  asked('failures', 'What a cache could not be asked, as it was lost')
  new Counter({
    name: 'model_calls_total',
    help: 'Calls of models, by what for and how they ended',
    labelNames: ['kind', 'outcome'],
    registers,
    collect() {
      this.reset()
      for (const { kind, outcome, count } of core.modelCalls()) this.inc({ kind, outcome }, count)
    },
  })

  async function look(): Promise<void> {
    trouble.set(core.trouble() ? 1 : 0)
    const began = performance.now()
    try {
      await core.reach()
      reach.observe((performance.now() - began) / 1000)
      const counts = await core.administration.jobs()
      if (counts) for (const [state, count] of Object.entries(counts)) jobs.set({ state }, count)
    } catch (error) {
      log.warn('figures are missing', { error: toAppError(error) })
    }
  }

  return {
    watch(req, res, next) {
      const began = performance.now()
      open.inc()
      res.once('close', () => {
        open.dec()
        const path = req.originalUrl.split('?', 1)[0] ?? ''
        const labels = { method: req.method, route: routeOf(req.method, path), status: String(res.statusCode) }
        requests.observe(labels, (performance.now() - began) / 1000)
      })
      next()
    },
    async text() {
      await look()
      return { type: registry.contentType, text: await registry.metrics() }
    },
  }
}

/** For who shows the token of the figures, and for those who look after the installation. */
export function demandMetricsRight(token: string | undefined, demand: RequestHandler): RequestHandler {
  return (req, res, next) => {
    const bearer = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
    if (token !== undefined && bearer !== undefined && same(bearer, token)) return next()
    return demand(req, res, error => {
      if (error !== undefined) return next(error)
      try {
        demandRole(whoAsks(res))
        next()
      } catch (refusal) {
        next(refusal instanceof AppError ? refusal : toAppError(refusal))
      }
    })
  }
}
