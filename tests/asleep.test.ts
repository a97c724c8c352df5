/** A machine that sleeps in the middle of the work, and parsers that are stopped or killed from outside. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { paragraph, writePdf } from '../scripts/write-pdf.ts'
import { openCore } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import { createParsers } from '../shared/parsers/parsers.ts'
import type { ChildProcess as Child } from '../shared/ports.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import { openTestCore } from './open-core.ts'
import { silent } from './open-store.ts'
import { program } from './program.ts'

const limit = 180_000
const root = path.join(import.meta.dirname, '..')
const parser = fileURLToPath(new URL('../shared/parsers/process.ts', import.meta.url))

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-asleep-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const pages = (count: number) =>
  writePdf({
    pages: Array.from({ length: count }, (_, page) => ({
      texts: paragraph(`Seite ${page + 1}. ${'Der Beschluss gilt ab dem ersten Mai. '.repeat(40)}`, {
        x: 72,
        y: 90,
        width: 450,
        leading: 12,
      }),
    })),
  })

async function until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + limit / 2
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`never came: ${what}`)
    // Each look opens a library or asks it: every 10 ms, it took more of the processor than what is waited for.
    await pause(50)
  }
}

const ended = (child: ChildProcess) => new Promise<number | null>(resolve => child.once('exit', resolve))

describe.skipIf(process.platform === 'win32')('processes that are stopped', () => {
  test(
    'for longer than a lease lose their work to others, and do nothing twice when they wake',
    async () => {
      const file = path.join(folder, 'bericht.pdf')
      await writeFile(file, pages(150))
      const data = path.join(folder, 'data')
      const first = spawn(process.execPath, [...program, 'ingest', '--json', '--data', data, file], {
        cwd: root,
        detached: true,
        stdio: 'ignore',
      })
      const end = ended(first)
      try {
        const parsed = () => {
          try {
            const db = new Sqlite(path.join(data, 'cloister.db'), { readonly: true })
            const count = db.prepare('select max(parsed) from document').pluck().get()
            db.close()
            return Number(count)
          } catch {
            return 0
          }
        }
        await until('its first pages', () => parsed() > 0)
        // Who is stopped in the midst of writing holds SQLite's lock until it wakes, and nobody can go on: it is stopped a little later.
        await until('a moment in which it writes nothing', async () => {
          process.kill(-first.pid!, 'SIGSTOP')
          const db = new Sqlite(path.join(data, 'cloister.db'), { timeout: 500 })
          try {
            db.exec('begin immediate; rollback')
            return true
          } catch {
            process.kill(-first.pid!, 'SIGCONT')
            return false
          } finally {
            db.close()
          }
        })
        const before = parsed()
        expect(before).toBeLessThan(150)

        const { core, close } = await openCore({ config: readConfig({ data, environment: {} }), log: silent })
        const scope = { userId: 'local', projectId: (await core.projects.find('local')).id }
        const work = async () => (await core.documents.list(scope))[0]!
        try {
          core.start()
          // Its lease holds for 15 s; then the work goes on here.
          await until('its work here', async () => (await work()).parsed > before)
          process.kill(-first.pid!, 'SIGCONT')
          await core.settled(scope, AbortSignal.timeout(limit))
          await end
          const document = await work()
          expect([document.state, document.parsed]).toEqual(['ready', 150])
          const db = new Sqlite(path.join(data, 'cloister.db'), { readonly: true })
          const count = (sql: string) => db.prepare(sql).pluck().get()
          expect(count('select count(*) from segment')).toBe(150)
          expect(count('select count(*) from chunk')).toBe(document.chunks)
          expect(count('select count(distinct position) from chunk')).toBe(document.chunks)
          expect(count('select count(*) from job')).toBe(0)
          expect(count('pragma integrity_check')).toBe('ok')
          db.close()
        } finally {
          await close()
        }
      } finally {
        if (first.exitCode === null && first.signalCode === null) process.kill(-first.pid!, 'SIGKILL')
        await end
      }
    },
    limit,
  )
})

function disturbed(child: Child, signal: NodeJS.Signals, after: number): Child {
  const disturb = () => child.pid && process.kill(child.pid, signal)
  if (after === 0) disturb()
  async function* messages() {
    let said = 0
    for await (const message of child.messages) {
      if (++said === after) disturb()
      yield message
    }
  }
  return { ...child, messages: messages() }
}

describe.skipIf(process.platform === 'win32')('a parser', () => {
  /** The real parser; the first process gets the signal when it has said so much: each page is one word or more, and the host asks for each. */
  async function ingest(signal: NodeJS.Signals, after: number, stillTime = 60_000) {
    const processes = createForkedProcesses({ entries: { parser }, log: silent })
    let count = 0
    const parsers = createParsers({
      spawn: () => {
        const child = processes.spawn('parser')
        return ++count === 1 ? disturbed(child, signal, after) : child
      },
      log: silent,
      processes: 1,
      limits: { stillTime },
    })
    const opened = await openTestCore(parsers)
    try {
      const { core, scope } = opened
      const bytes = pages(30)
      await core.documents.add(scope, {
        name: 'a.pdf',
        open: async function* () {
          yield bytes
        },
      })
      core.start()
      await core.settled(scope, AbortSignal.timeout(limit))
      const document = (await core.documents.list(scope))[0]!
      const receipt = await core.documents.receipt(scope, document.id)
      return { state: document.state, parsed: document.parsed, unreadable: receipt?.pagesUnreadable, processes: count }
    } finally {
      await opened.close()
    }
  }

  test(
    'that the system kills, whenever it does, is replaced, and nothing is missing',
    async () => {
      for (const after of [0, 1, 15]) {
        const all = { after, state: 'ready', parsed: 30, unreadable: [], processes: 2 }
        expect({ after, ...(await ingest('SIGKILL', after)) }).toEqual(all)
      }
    },
    limit,
  )

  test(
    'that was put to sleep is taken for one that hangs, and replaced',
    async () => {
      const { processes, ...rest } = await ingest('SIGSTOP', 3, 5000)
      expect(rest).toEqual({ state: 'ready', parsed: 30, unreadable: [] })
      expect(processes).toBeGreaterThan(1)
    },
    limit,
  )
})
