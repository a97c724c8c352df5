/** Followed folders from outside: the command line with and without a server, kills in the middle, and where nobody may. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, createClient } from '../shared/api/client.ts'
import { contract } from '../shared/api/index.ts'
import { hangDrive, whyNoDrive } from './hanging-drive.ts'
import { openAccountServer } from './http/open-accounts.ts'
import { openTestServer } from './http/open-server.ts'
import { program } from './program.ts'
import { makePlace, type Place } from './run-cli.ts'

const repository = path.join(import.meta.dirname, '..')
/** For what is waited for long: each look is a request. */
const interval = 250

let base: string
beforeAll(async () => {
  base = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-folders-')))
})
afterAll(() => rm(base, { recursive: true, force: true }))

async function write(root: string, file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true })
  await writeFile(path.join(root, file), text)
}

describe('the command line', () => {
  let place: Place
  let root: string
  beforeAll(async () => {
    place = await makePlace()
    root = path.join(base, 'Verträge')
    await write(root, 'miete.txt', 'Die Miete beträgt 500 Euro.')
    await write(root, 'alt/strom.txt', 'Der Strom kostet 80 Euro.')
    await write(root, 'foto.raw', 'nichts')
  })
  afterAll(() => place.remove())

  const data = ['--data', 'daten']

  test('takes in what is there, says how far it is, and lets go', async () => {
    const followed = await place.json<{ folder: Record<string, unknown> }>(['folders', 'follow', root, ...data])
    expect(followed).toMatchObject({ code: 0, folder: { path: root, state: 'following', files: 2, unsupported: 1 } })
    const search = await place.run(['search', 'Strom', ...data])
    expect(search.stdout).toContain('80 Euro')
    const listed = await place.json(['folders', 'list', ...data])
    expect(listed.folders).toMatchObject([{ path: root, state: 'resting', files: 2, problems: 0 }])

    const within = await place.run(['folders', 'follow', path.join(root, 'alt'), ...data], { language: 'de' })
    expect([within.code, within.stderr]).toEqual([1, expect.stringContaining('folgt bereits')])
    const missing = await place.run(['folders', 'follow', 'gibt-es-nicht', ...data])
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('is not there')])
    const undecided = await place.run(['folders', 'unfollow', root, ...data])
    expect([undecided.code, undecided.stderr]).toEqual([2, expect.stringContaining('--keep-documents')])
    const unknown = await place.run(['folders', 'unfollow', 'anders', '--keep-documents', ...data])
    expect(unknown.code).toBe(1)

    const gone = await place.json(['folders', 'unfollow', root, '--trash-documents', ...data])
    expect(gone).toMatchObject({ code: 0, documents: 'trashed' })
    const none = await place.run(['folders', 'list', ...data])
    expect([none.code, none.stdout]).toEqual([0, expect.stringContaining('follows no folder')])
    const trash = await place.json<{ documents: unknown[] }>(['documents', 'trash', ...data])
    expect(trash.documents.length).toBe(2)
    expect((await readdir(root)).sort()).toEqual(['alt', 'foto.raw', 'miete.txt'])
  }, 120_000)
})

describe('the command line, where most of a folder is gone', () => {
  test('says so, waits, and removes when it is told to', async () => {
    const place = await makePlace()
    try {
      const root = path.join(base, 'viele')
      const data = ['--data', 'daten']
      for (let at = 0; at < 30; at++) await write(root, `${at}.txt`, `Nummer ${at}`)
      await place.json(['folders', 'follow', root, ...data])
      for (let at = 0; at < 25; at++) await rm(path.join(root, `${at}.txt`))
      // Nobody was asked about them so far.
      const unasked = await place.run(['folders', 'missing', root, '--trash-documents', ...data])
      expect([unasked.code, unasked.stderr]).toEqual([1, expect.stringContaining('25')])
      expect(await place.json(['documents', 'trash', ...data])).toMatchObject({ documents: [] })
      const undecided = await place.run(['folders', 'missing', root, ...data])
      expect(undecided.code).toBe(2)
      const kept = await place.json(['folders', 'missing', root, '--keep-documents', ...data])
      expect(kept).toMatchObject({ code: 0, documents: 'kept' })
      const listed = await place.run(['folders', 'list', ...data], { language: 'de' })
      expect(listed.stderr).toContain('25 von 30 Dateien fehlen')
      const { folders } = await place.json<{ folders: { missing: object }[] }>(['folders', 'list', ...data])
      expect(folders[0]?.missing).toMatchObject({ files: 25, known: 30, asks: false })
      await write(root, '7.txt', 'Nummer 7')
      const removed = await place.json(['folders', 'missing', root, '--trash-documents', ...data])
      expect(removed).toMatchObject({ code: 0, documents: 'trashed' })
      const trash = await place.json<{ documents: unknown[] }>(['documents', 'trash', ...data])
      expect(trash.documents.length).toBe(24)
    } finally {
      await place.remove()
    }
  }, 120_000)
})

describe('a server', () => {
  const served: ChildProcess[] = []
  afterAll(() => {
    for (const { pid, exitCode, signalCode } of served)
      if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL')
  })

  async function serve(data: string): Promise<{ client: Client; child: ChildProcess }> {
    const command = [...program, 'serve', '--json', '--port', '0', '--data', data]
    const { PATH, HOME, TMPDIR } = process.env
    const env = { PATH, HOME, TMPDIR }
    // A group of its own: the kill takes its parsers with it.
    const child = spawn(process.execPath, command, {
      cwd: repository,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    served.push(child)
    let said = ''
    while (!said.includes('\n')) {
      const [part] = (await once(child.stdout!, 'data')) as [Buffer]
      said += part
    }
    const { address, url } = JSON.parse(said) as { address: string; url: string }
    const token = decodeURIComponent(new URL(url).hash.replace('#token=', ''))
    return { child, client: createClient({ routes: contract, url: address, token }) }
  }

  async function kill(child: ChildProcess): Promise<void> {
    const ended = once(child, 'exit')
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await ended
  }

  test('that is killed loses nothing and doubles nothing, whatever it was doing and whatever changed meanwhile', async () => {
    const root = path.join(base, 'akten')
    const data = path.join(base, 'daten')
    const files = 240
    for (let at = 0; at < files; at++)
      await write(root, `${at % 12}/akte-${at}.txt`, `Akte ${at}: Wort${at} steht nur hier.`)
    let { client, child } = await serve(data)
    const [{ id: projectId }] = (await client.projects.list({})).projects
    await client.folders.follow({ projectId, path: root })
    const known = async () => (await client.folders.list({ projectId })).folders[0].files
    for (const share of [0.1, 0.4, 0.7]) {
      await expect.poll(known, { timeout: 60_000 }).toBeGreaterThan(files * share)
      await kill(child)
      // While nobody looks: one goes, one changes, one is called otherwise.
      const turn = Math.round(share * 10)
      await rm(path.join(root, `${turn}/akte-${turn}.txt`))
      await write(root, `2/akte-${2 + 12 * turn}.txt`, `Akte neu ${turn}: Neuwort${turn} steht nur hier.`)
      await rename(path.join(root, `3/akte-${3 + 12 * turn}.txt`), path.join(root, `3/anders-${turn}.txt`))
      ;({ client, child } = await serve(data))
    }
    const state = async () => {
      const [folder] = (await client.folders.list({ projectId })).folders
      const { open } = await client.documents.work({ projectId })
      return [folder.state, folder.files, folder.problems, open]
    }
    await expect.poll(state, { timeout: 60_000, interval }).toEqual(['following', files - 3, 0, 0])
    const paths: string[] = []
    for (let after: string | null = null; ; ) {
      const page: Awaited<ReturnType<Client['documents']['list']>> = await client.documents.list({
        projectId,
        limit: 200,
        ...(after && { after }),
      })
      paths.push(...page.documents.map(({ path }) => path))
      after = page.next
      if (after === null) break
    }
    const there = (await readdir(root, { recursive: true, withFileTypes: true }))
      .filter(entry => entry.isFile())
      .map(entry => path.join('akten', path.relative(root, entry.parentPath), entry.name).replaceAll(path.sep, '/'))
    // The old version of a changed file goes when the new one is found, which may be a moment after.
    await expect
      .poll(async () => (await client.documents.list({ projectId, limit: 1 })).total, { timeout: 60_000, interval })
      .toBe(there.length)
    expect(new Set(paths)).toEqual(new Set(there))
    const { passages } = await client.search({ projectId, query: 'Neuwort7', limit: 1 })
    expect(passages[0]?.text).toContain('Neuwort7')
    // Out of reach: nothing of it goes, and it goes on by itself.
    await rename(root, `${root}-weg`)
    await expect
      .poll(async () => (await client.folders.list({ projectId })).folders[0].reason?.code, {
        timeout: 60_000,
        interval,
      })
      .toBe('folder-missing')
    await pause(200)
    expect((await client.documents.list({ projectId, limit: 1 })).total).toBe(there.length)
    await rename(`${root}-weg`, root)
    await expect.poll(state, { timeout: 60_000, interval }).toEqual(['following', files - 3, 0, 0])
    await kill(child)
  }, 300_000)

  test.skipIf(whyNoDrive)(
    `goes on with everything else while a drive hangs, and ends${whyNoDrive}`,
    async () => {
      const [bad, good] = [path.join(base, 'netz'), path.join(base, 'hier')]
      for (const root of [bad, good]) await write(root, 'a.txt', `${path.basename(root)}: Die Miete steht hier.`)
      const { client, child } = await serve(path.join(base, 'daten-netz'))
      const [{ id: projectId }] = (await client.projects.list({})).projects
      for (const root of [bad, good]) await client.folders.follow({ projectId, path: root })
      const states = async () =>
        (await client.folders.list({ projectId })).folders.map(({ state, reason }) => [state, reason?.code])
      const all = async () =>
        (await client.documents.list({ projectId, limit: 50 })).documents.map(({ path }) => path).sort()
      await expect.poll(states, { timeout: 30_000, interval }).toEqual([
        ['following', undefined],
        ['following', undefined],
      ])
      const drive = hangDrive(bad)
      try {
        const took = async (act: Promise<unknown>) => {
          const began = performance.now()
          await act
          return performance.now() - began
        }
        await expect.poll(states, { timeout: 30_000, interval }).toEqual([
          ['paused', 'folder-silent'],
          ['following', undefined],
        ])
        await write(good, 'b.txt', 'Der Strom steht hier.')
        await expect.poll(all, { timeout: 10_000 }).toEqual(['hier/a.txt', 'hier/b.txt', 'netz/a.txt'])
        const texts = Array.from({ length: 8 }, (_, at) => ({
          projectId,
          name: `T${at}`,
          text: `Text ${at}`,
          format: 'plain' as const,
        }))
        expect(await took(Promise.all(texts.map(text => client.documents.addText(text))))).toBeLessThan(5000)
        drive.release()
        await expect.poll(states, { timeout: 30_000, interval }).toEqual([
          ['following', undefined],
          ['following', undefined],
        ])
        const again = hangDrive(bad)
        try {
          await expect.poll(states, { timeout: 60_000, interval }).toEqual([
            ['paused', 'folder-silent'],
            ['following', undefined],
          ])
          const ended = once(child, 'exit')
          process.kill(child.pid ?? 0, 'SIGTERM')
          expect(await took(ended)).toBeLessThan(3000)
          expect(await ended).toEqual([0, null])
        } finally {
          again.release()
        }
      } finally {
        drive.release()
      }
    },
    180_000,
  )
})

describe('where paths would be somebody else’s', () => {
  test('with accounts, nobody follows a folder', async () => {
    const server = await openAccountServer()
    try {
      const { client } = await server.setUp()
      const { id: projectId } = await client.projects.create({ name: 'Akten' })
      expect(await client.folders.list({ projectId })).toEqual({ available: false, folders: [] })
      await expect(client.folders.follow({ projectId, path: base })).rejects.toMatchObject({
        code: 'folders-off',
        status: 409,
      })
    } finally {
      await server.stop()
    }
  }, 120_000)

  test('what is no line and no path is refused before anything is looked at', async () => {
    const { client, projectId, stop } = await openTestServer()
    try {
      const refused = (input: { path: string; ignore?: string[] }) =>
        expect(client.folders.follow({ projectId, ...input })).rejects
      await refused({ path: '' }).toMatchObject({ code: 'input-invalid' })
      await refused({ path: base, ignore: ['a\nb'] }).toMatchObject({ code: 'input-invalid' })
      await refused({ path: base }).toMatchObject({ code: 'folders-off' })
    } finally {
      await stop()
    }
  })
})
