import { stat } from 'node:fs/promises'
import { type Condition, isHeard, readCondition } from '../shared/db/postgres/condition.ts'
import { openPostgres, type PostgresDatabase } from '../shared/db/postgres/index.ts'
import { readFacts } from '../shared/store/facts.ts'
import { newestSchema, schemaOf } from '../shared/store/read-rows.ts'
import type { Finding } from './commands/doctor.ts'
import { openBlobs, placeOfBlobs } from './compose-blobs.ts'
import { nameOf } from './compose-postgres.ts'
import { type DatabaseConfig, shownDatabase } from './config.ts'
import type { Context } from './context.ts'
import { examineBackupTrouble } from './examine-backups.ts'
import { examineStore } from './examine-blobs.ts'
import { examineFiles, examineJobs } from './examine-data.ts'
import { errorText } from './present.ts'
import { safe } from './text.ts'

/** Of the server's connections, past which there is not much room. */
const mostUsed = 0.8
/** Milliseconds between the clocks, past which times that are shown begin to look wrong. */
const mostAhead = 30_000
/** Seconds that work waits which nobody does. */
const longestWait = 120

/** The database that DATABASE_URL names, and the files that belong to it: nothing is migrated. */
export async function* examinePostgres(context: Context, settings: DatabaseConfig): AsyncGenerator<Finding> {
  const { translate } = context
  const shown = { database: safe(shownDatabase(settings.url)) }
  yield { name: 'database', state: 'ok', text: translate('cli.doctor.database', shown) }
  let database: PostgresDatabase
  try {
    database = await openPostgres({ ...settings, poolSize: 2, applicationName: 'cloister doctor' })
  } catch (error) {
    yield {
      name: 'database',
      state: 'bad',
      text: translate('cli.doctor.unusable', { detail: errorText(translate, error) }),
    }
    return
  }
  try {
    yield* examineDatabase(context, database)
  } catch (error) {
    yield {
      name: 'database',
      state: 'bad',
      text: translate('cli.doctor.unusable', { detail: errorText(translate, error) }),
    }
  } finally {
    await database.close()
  }
}

async function* examineDatabase(context: Context, database: PostgresDatabase): AsyncGenerator<Finding> {
  const { translate } = context
  // What is built anew by one statement is no damage.
  const notValid = /^index (.+) is not valid$/
  const problems = await database.check(false)
  const damage = problems.find(problem => !notValid.test(problem))
  if (damage !== undefined) {
    const detail = safe(damage.slice(0, 200))
    yield { name: 'check', state: 'bad', text: translate('cli.doctor.postgresDamaged', { detail }) }
    return
  }
  yield { name: 'check', state: 'ok', text: translate('cli.doctor.postgresSound') }
  for (const problem of problems) {
    const index = safe(notValid.exec(problem)?.[1] ?? '')
    yield { name: 'index', state: 'bad', text: translate('cli.doctor.indexNotValid', { index }) }
  }
  const { version, durable, settings, jobs } = await readFacts(database)
  yield { name: 'postgres', state: 'ok', text: translate('cli.doctor.postgres', { version }) }
  yield {
    name: 'durability',
    state: durable ? 'ok' : 'bad',
    text: translate(durable ? 'cli.doctor.postgresDurable' : 'cli.doctor.postgresNotDurable', settings),
  }
  const condition = await readCondition(database)
  if (database.vectors) {
    const text = translate('cli.doctor.postgresVectors', { version: condition.vectors ?? '' })
    yield { name: 'vectors', state: 'ok', text }
  }
  for (const note of database.notes) yield { name: 'database', state: 'warn', text: errorText(translate, note) }
  yield await examineSchema(context, database)
  yield* examineCondition(context, condition, jobs !== undefined)
  yield await isHeard(database).then((heard): Finding => {
    const text = translate(heard ? 'cli.doctor.heard' : 'cli.doctor.notHeard')
    return { name: 'notifications', state: heard ? 'ok' : 'bad', text }
  })
  yield* examineJobs(context, jobs)
  yield* examineBackupTrouble(context, database)
  yield* examineWorkers(context, condition)
  yield* examineBlobs(context, database, jobs !== undefined)
}

/** Whether the tables are those of this version. */
async function examineSchema({ translate }: Context, database: PostgresDatabase): Promise<Finding> {
  const [found, newest] = [await schemaOf(database), newestSchema(database)]
  if (found === undefined) return { name: 'schema', state: 'ok', text: translate('cli.doctor.noDatabase') }
  if (found > newest) return { name: 'schema', state: 'bad', text: translate('error.data-newer') }
  const text = translate(found < newest ? 'cli.doctor.schemaOld' : 'cli.doctor.schema', { found, newest })
  return { name: 'schema', state: found < newest ? 'warn' : 'ok', text }
}

function* examineCondition({ translate }: Context, condition: Condition, started: boolean): Generator<Finding> {
  const { login, superuser, others, open, bytes, connections, ahead } = condition
  const user = safe(login)
  yield {
    name: 'role',
    state: superuser ? 'warn' : 'ok',
    text: translate(superuser ? 'cli.doctor.superuser' : 'cli.doctor.role', { user }),
  }
  if (others.length > 0 && started) {
    const users = safe(others.join(', '))
    yield { name: 'others', state: 'warn', text: translate('cli.doctor.others', { users }) }
  }
  if (open.length > 0) {
    const names = safe(open.join(', '))
    yield { name: 'isolation', state: 'bad', text: translate('cli.doctor.isolationBroken', { tables: names }) }
  } else if (started) yield { name: 'isolation', state: 'ok', text: translate('cli.doctor.isolation') }
  const format = new Intl.NumberFormat(translate.language, { maximumFractionDigits: 1 })
  yield {
    name: 'size',
    state: 'ok',
    text: translate('cli.doctor.size', { megabytes: format.format(bytes / 1024 / 1024) }),
  }
  const few = connections.used > mostUsed * connections.most
  const key = few ? 'cli.doctor.connectionsFew' : 'cli.doctor.connections'
  yield { name: 'connections', state: few ? 'warn' : 'ok', text: translate(key, connections) }
  if (Math.abs(ahead) > mostAhead) {
    const seconds = format.format(Math.abs(ahead) / 1000)
    yield { name: 'clock', state: 'warn', text: translate('cli.doctor.clock', { seconds }) }
  }
}

/** Work that is due is begun within seconds, where anybody does it. */
function* examineWorkers({ translate }: Context, { jobs }: Condition): Generator<Finding> {
  if (!jobs || jobs.waiting < longestWait) return
  const minutes = Math.round(jobs.waiting / 60)
  const key = jobs.active === 0 ? 'cli.doctor.nobodyWorks' : 'cli.doctor.workersBehind'
  yield { name: 'workers', state: 'warn', text: translate(key, { minutes, count: jobs.active }) }
}

/** A folder's files byte by byte; of a store, which would send them all, by their names. */
async function* examineBlobs(context: Context, database: PostgresDatabase, opened: boolean): AsyncGenerator<Finding> {
  const { config, translate } = context
  let shown = config().blobStore.kind
  try {
    const installation = opened ? await nameOf(database) : undefined
    const place = placeOfBlobs(config(), installation)
    const inFolder = 'folder' in place
    if (!inFolder) shown = place.shown
    // Before the first use nothing lies anywhere.
    if (inFolder && (!opened || !(await stat(place.folder).catch(() => undefined)))) return
    if (inFolder) yield* examineFiles(context, database, place.folder)
    const blobs = await openBlobs(config(), installation)
    try {
      if (!inFolder) {
        yield { name: 'blobs', state: 'ok', text: translate('cli.doctor.blobs', { place: safe(shown) }) }
      }
      if (opened) yield* examineStore(context, database, blobs, { missing: !inFolder })
    } finally {
      blobs.close()
    }
  } catch (error) {
    const text = translate('cli.doctor.blobsBad', { place: safe(shown), detail: errorText(translate, error) })
    yield { name: 'blobs', state: 'bad', text }
  }
}
