import { openPostgres, type PostgresDatabase } from '../shared/db/postgres/index.ts'
import { readFacts } from '../shared/store/facts.ts'
import type { Finding } from './commands/doctor.ts'
import { openBlobs, placeOfBlobs } from './compose-blobs.ts'
import { nameOf } from './compose-postgres.ts'
import { type DatabaseConfig, shownDatabase } from './config.ts'
import type { Context } from './context.ts'
import { examineFiles, examineJobs } from './examine-data.ts'
import { errorText } from './present.ts'
import { safe } from './text.ts'

/** The database that DATABASE_URL names, and the files that belong to it: nothing is migrated. */
export async function* examinePostgres(
  context: Context,
  { url, statementTimeout }: DatabaseConfig,
): AsyncGenerator<Finding> {
  const { translate } = context
  const shown = { database: safe(shownDatabase(url)) }
  yield { name: 'database', state: 'ok', text: translate('cli.doctor.database', shown) }
  let database: PostgresDatabase
  try {
    database = await openPostgres({ url, poolSize: 2, statementTimeout, applicationName: 'cloister doctor' })
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
  const [problem] = await database.check(false)
  if (problem !== undefined) {
    const detail = safe(problem.slice(0, 200))
    yield { name: 'check', state: 'bad', text: translate('cli.doctor.postgresDamaged', { detail }) }
    return
  }
  yield { name: 'check', state: 'ok', text: translate('cli.doctor.postgresSound') }
  const { version, durable, settings, jobs } = await readFacts(database)
  yield { name: 'postgres', state: 'ok', text: translate('cli.doctor.postgres', { version }) }
  yield {
    name: 'durability',
    state: durable ? 'ok' : 'bad',
    text: translate(durable ? 'cli.doctor.postgresDurable' : 'cli.doctor.postgresNotDurable', settings),
  }
  if (database.vectors) yield { name: 'vectors', state: 'ok', text: translate('cli.doctor.postgresVectors') }
  for (const note of database.notes) yield { name: 'database', state: 'warn', text: errorText(translate, note) }
  yield* examineJobs(context, jobs)
  yield* examineBlobs(context, database, jobs !== undefined)
}

/** A folder's files byte by byte; of a store, which would send them all, whether it answers. */
async function* examineBlobs(context: Context, database: PostgresDatabase, opened: boolean): AsyncGenerator<Finding> {
  const { config, translate } = context
  let shown = config().blobStore.kind
  try {
    const place = placeOfBlobs(config(), opened ? await nameOf(database) : undefined)
    if ('folder' in place) {
      // Before the first use nothing lies anywhere.
      if (opened) yield* examineFiles(context, database, place.folder)
      return
    }
    shown = place.shown
    const blobs = await openBlobs(config())
    blobs.close()
    yield { name: 'blobs', state: 'ok', text: translate('cli.doctor.blobs', { place: safe(shown) }) }
  } catch (error) {
    const text = translate('cli.doctor.blobsBad', { place: safe(shown), detail: errorText(translate, error) })
    yield { name: 'blobs', state: 'bad', text }
  }
}
