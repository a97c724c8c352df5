import { AppError } from '../../shared/errors.ts'
import type { MessageKey } from '../../shared/messages/index.ts'
import type { Context } from '../context.ts'
import { withLibrary } from '../library.ts'
import { usageError } from '../present.ts'
import { table } from '../table.ts'
import { safe } from '../text.ts'
import { shortIds } from './documents.ts'

/** Work that was given up after all its tries. */
export async function listJobs(context: Context): Promise<void> {
  const { terminal, translate } = context
  await withLibrary(context, {}, async ({ core, userId }) => {
    const jobs = await core.givenUp.list(userId)
    if (context.json) {
      terminal.json({ jobs: jobs.map(job => ({ ...job, diedAt: new Date(job.diedAt).toISOString() })) })
      return
    }
    if (jobs.length === 0) {
      terminal.out(translate('cli.jobs.none'))
      return
    }
    const ids = shortIds(jobs)
    const time = new Intl.DateTimeFormat(translate.language, { dateStyle: 'short', timeStyle: 'short' })
    const rows = jobs.map(({ id, kind, document, error, diedAt }) => {
      const known = `cli.jobs.kinds.${kind}` as MessageKey
      const word = translate(known)
      const name = document ? safe(document.name) : ''
      return [ids.get(id) ?? id, word === known ? safe(kind) : word, time.format(diedAt), name, safe(error)]
    })
    const head = (['id', 'kind', 'died', 'document', 'error'] as const).map(name => translate(`cli.jobs.${name}`))
    for (const line of table(terminal, head, rows)) terminal.out(line)
  })
}

/** Has it tried as if for the first time, by whoever does the work: a server, a worker, or the next command. */
export async function retryJobs(
  context: Context,
  wanted: readonly string[],
  { all = false }: { all?: boolean },
): Promise<void> {
  const { terminal, translate } = context
  if (all === wanted.length > 0) throw usageError(translate('cli.usage.jobsOrAll'))
  await withLibrary(context, {}, async ({ core, userId }) => {
    let count = 0
    if (all) count = await core.givenUp.retryAll(userId)
    else {
      const jobs = await core.givenUp.list(userId)
      // All are looked up before the first is tried.
      const ids = wanted.map(name => {
        const meant = name.length < 8 ? [] : jobs.filter(({ id }) => id.startsWith(name))
        if (meant.length !== 1) throw new AppError('job-not-found', { id: name })
        return meant[0].id
      })
      for (const id of new Set(ids)) {
        await core.givenUp.retry(userId, id)
        count += 1
      }
    }
    if (context.json) terminal.json({ count })
    else terminal.out(count === 0 ? translate('cli.jobs.none') : translate('cli.jobs.tried', { count }))
  })
}
