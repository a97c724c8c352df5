/**
 * Many people on one server: signed-in users who search, list and open, while two workers take in what they add; wrong passwords by the
 * thousand; what is another's against what is not there; an end in the middle of it all. Needs DATABASE_URL or TEST_DATABASE_URL, a
 * server on which databases may be made; it makes one of its own and drops it. `--users 200`, `--chunks 200` of each one's project,
 * `--seconds 60`, `--per-second 40`, `--guesses 1000`, `--compared 1000` make another run of it; `--only alone,load,guesses,foreign,end` a part of
 * one. `--profile FOLDER`: where the server writes what it did with its processor time.
 */
import { loadavg } from 'node:os'
import path from 'node:path'
import { freePort } from '../tests/free-port.ts'
import type { Bench, Figure } from './figure.ts'
import { createOwnDatabase, type OwnDatabase } from './own-database.ts'
import { type Program, startProgram } from './program.ts'
import { createTemporaryFolder } from './temporary-folder.ts'
import { endFigures } from './users-end.ts'
import { foreignFigures } from './users-foreign.ts'
import { guessFigures } from './users-guesses.ts'
import { type Account, buildAccounts } from './users-library.ts'
import { aloneFigures, idleFigures, loadFigures } from './users-load.ts'
import { createRequests, type Requests } from './users-requests.ts'

const parts = ['alone', 'load', 'guesses', 'foreign', 'end']
const secret = 'for the bench of users alone, and long enough'
/** What Postgres is told that the server is. */
const application = 'cloister-bench-server'

/** A server with accounts, and what belongs to it. */
export interface Surroundings {
  database: OwnDatabase
  folder: string
  url: string
  requests: Requests
  accounts: readonly Account[]
  note: (line: string) => void
  serve(): Promise<Program>
  work(): Promise<Program>
  /** Of the processes of Postgres that serve the server. */
  application: string
}

export const bench: Bench = async ({ note, args }) => {
  const said = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
  const number = (name: string, otherwise: number) => Number(said(name) ?? otherwise)
  const wanted = said('--only')?.split(',') ?? parts
  const seconds = number('--seconds', 60)
  const perSecond = number('--per-second', 40)
  const profile = said('--profile')
  await using database = await createOwnDatabase('users')
  await using folder = await createTemporaryFolder('users')
  const url = `http://127.0.0.1:${await freePort()}`
  const count = number('--users', 200)
  const mode = { publicUrl: url, secret }
  const accounts = await buildAccounts(database, { ...mode, count, chunks: number('--chunks', 200), note })
  note(`${count} accounts; load of the machine ${loadavg()[0].toFixed(1)}`)
  const start = (args: readonly string[], name: string, nice: number) => {
    const named = new URL(database.url)
    named.searchParams.set('application_name', name)
    const environment = {
      ...{ DATABASE_URL: named.href, MODE: 'server', PUBLIC_URL: url, AUTH_SECRET: secret, TRUST_PROXY: '1' },
      ...(args[0] === 'serve' && profile && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${path.resolve(profile)}` }),
    }
    return startProgram([...args, '--data', path.join(folder.path, 'data')], { environment, nice })
  }
  const requests = createRequests(url)
  const around: Surroundings = {
    ...{ database, folder: folder.path, url, requests, accounts, note, application },
    serve: () => start(['serve', '--workers', '0', '--port', new URL(url).port], application, 0),
    work: () => start(['worker'], 'cloister-bench-worker', 10),
  }
  const figures: Figure[] = []
  try {
    let server = await around.serve()
    try {
      const { users, figures: idle } = await idleFigures(around, server)
      figures.push(...idle)
      const load = { users, seconds, perSecond }
      if (wanted.includes('alone')) figures.push(...(await aloneFigures(around, server, load)))
      if (wanted.includes('load')) figures.push(...(await loadFigures(around, server, load)))
      if (wanted.includes('foreign')) figures.push(...(await foreignFigures(around, users, number('--compared', 1000))))
      if (wanted.includes('guesses')) figures.push(...(await guessFigures(around, number('--guesses', 1000))))
      if (wanted.includes('end')) {
        const ended = await endFigures(around, server, { users, perSecond })
        figures.push(...ended.figures)
        server = ended.server
      }
    } finally {
      await server.stop()
    }
    return figures
  } finally {
    requests.close()
  }
}
