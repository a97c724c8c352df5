import type { Session } from '../../../shared/api/index.ts'
import type { Core } from '../../../shared/core.ts'
import { AppError, reasonOf } from '../../../shared/errors.ts'
import { createHealthCheck } from '../health.ts'
import { elsewhere, os } from './gates.ts'

/** For everybody, but for figures: who may see those is asked before (`demandMetricsRight`). */
export function healthRoutes({ core, session, stopping }: { core: Core; session: Session; stopping: AbortSignal }) {
  const database = createHealthCheck(() => core.reach())
  // What the database cannot say just now is told by the check of it.
  const backups = () => core.backupTrouble().catch(() => undefined)

  return {
    summary: os.health.summary.handler(async () => {
      const standing = core.trouble() ?? (await database())
      const trouble = standing ? reasonOf(standing) : (await backups())?.reason
      return {
        state: stopping.aborted ? 'stopping' : trouble ? 'trouble' : 'ok',
        version: session.version,
        uptime: Math.round(process.uptime()),
        trouble: trouble ?? null,
      }
    }),
    liveness: os.health.liveness.handler(() => ({ state: 'ok' as const })),
    readiness: os.health.readiness.handler(async () => {
      if (stopping.aborted) throw new AppError('server-stopping')
      const problem = await database()
      if (problem) throw problem
      return { state: 'ok' as const }
    }),
    metrics: os.health.metrics.handler(elsewhere),
    workers: os.health.workers.handler(async () => {
      const trouble = core.trouble()
      const jobs = await core.administration.jobs()
      return {
        state: trouble ? ('trouble' as const) : ('ok' as const),
        open: jobs?.open ?? null,
        dead: jobs?.dead ?? null,
        trouble: trouble ? reasonOf(trouble) : null,
      }
    }),
    caches: os.health.caches.handler(() => ({
      caches: core.caches().map(({ name, counts }) => {
        const asked = counts.hits + counts.misses
        return { name, ...counts, rate: asked === 0 ? null : counts.hits / asked }
      }),
    })),
  }
}
