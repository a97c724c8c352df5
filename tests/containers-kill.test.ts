/** kill -9 of the whole process tree while an archive is taken apart: nothing twice, nothing lost, nothing left lying. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeMail } from '../scripts/fixtures/eml.ts'
import { writeZip } from '../scripts/fixtures/zip.ts'
import { openCore } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import { silent } from './open-store.ts'
import { program } from './program.ts'

const root = path.join(import.meta.dirname, '..')
/** Moments after the start, in parts of the time an undisturbed run takes. */
const moments = [0.45, 0.6, 0.75]

let folder: string
let archive: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-containers-kill-'))
  archive = path.join(folder, 'ordner.zip')
  const text = (at: number) => `Protokoll ${at}. ${`Der Beschluss Nummer ${at} gilt ab dem ersten Mai. `.repeat(200)}`
  const files = Array.from({ length: 27 }, (_, at) => ({ name: `Jahr/protokoll-${at}.txt`, bytes: text(at) }))
  const mails = [0, 1, 2].map(at => ({
    name: `mail-${at}.eml`,
    bytes: writeMail({
      subject: `Mail ${at}`,
      text: text(100 + at),
      parts: [
        { name: 'gemeinsam.txt', type: 'text/plain', bytes: text(200) },
        { name: `eigen.txt`, type: 'text/plain', bytes: text(300 + at) },
      ],
    }),
  }))
  await writeFile(archive, writeZip([...files, ...mails]))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function ingest(data: string) {
  return spawn(process.execPath, [...program, 'ingest', '--json', '--data', data, archive], {
    cwd: root,
    // A group of its own: the kill takes its parsers with it.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

const ended = (child: ReturnType<typeof ingest>) => new Promise<void>(resolve => child.once('exit', () => resolve()))

/** What is there when the next start has done what was left: bytes and states, whoever is whose parent. */
async function outcome(data: string) {
  const { core, close } = await openCore({ config: readConfig({ data }), log: silent })
  try {
    core.start()
    const { id: projectId } = await core.projects.find('local')
    const scope = { userId: 'local', projectId }
    await core.settled(scope, AbortSignal.timeout(120_000))
    const documents = await core.documents.list(scope)
    const zip = documents.find(({ name }) => name === 'ordner.zip')
    const receipt = zip && (await core.documents.receipt(scope, zip.id))
    const scratch = await readdir(path.join(data, 'scratch'))
    return {
      documents: documents.map(({ blob, state, chunks }) => `${blob} ${state} ${chunks}`).sort(),
      files: receipt?.files.map(({ path, documentId }) => [path, documentId !== null]),
      // This process's own.
      scratch: scratch.length,
    }
  } finally {
    await close()
  }
}

test('the same comes out, whenever it was killed', async () => {
  const undisturbed = path.join(folder, 'undisturbed')
  const started = performance.now()
  await ended(ingest(undisturbed))
  const duration = performance.now() - started
  const wanted = await outcome(undisturbed)
  // The archive, its 30 files, and of the mails three of their own and one that all share.
  expect(wanted.documents).toHaveLength(1 + 30 + 3 + 1)
  expect(wanted.files).toHaveLength(30)
  let killed = 0
  for (const [at, share] of moments.entries()) {
    const data = path.join(folder, `round-${at}`)
    const child = ingest(data)
    const end = ended(child)
    const first = await Promise.race([pause(share * duration, 'kill' as const), end])
    if (first === 'kill' && child.pid !== undefined) {
      process.kill(-child.pid, 'SIGKILL')
      killed += 1
    }
    await end
    const again = ingest(data)
    await ended(again)
    expect(await outcome(data), `killed after ${Math.round(share * duration)} ms`).toEqual(wanted)
  }
  expect(killed).toBeGreaterThan(0)
}, 300_000)
