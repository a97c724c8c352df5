/** A drive that hangs harms nobody but itself: on a real one where the machine lets us mount it, and on one that is played anywhere. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type HangingDrive, hangDrive, whyNoDrive } from '../../tests/hanging-drive.ts'
import { silent } from '../../tests/open-store.ts'
import type { FolderWatch } from '../ports.ts'
import { createFolderWatch } from './watch.ts'

const times = { patience: 400, again: 600_000, look: 50 }

function play(folder: string): Promise<HangingDrive> {
  return writeFile(`${folder}.hangs`, '').then(() => ({ release: () => void rm(`${folder}.hangs`, { force: true }) }))
}

const played = new URL('./fixture-hanging-thread.ts', import.meta.url)
const ways = [
  { name: `mounted${whyNoDrive}`, hang: async (folder: string) => hangDrive(folder), skip: whyNoDrive !== '' },
  { name: 'played', hang: play, skip: false, thread: played },
]

for (const { name, hang, skip, thread } of ways)
  describe.skipIf(skip)(`a drive that hangs, ${name}`, () => {
    const control = new AbortController()
    let base: string
    let [bad, good] = ['', '']
    let watch: FolderWatch
    let drive: HangingDrive | undefined

    beforeEach(async () => {
      base = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-hanging-')))
      bad = path.join(base, 'netz')
      good = path.join(base, 'hier')
      for (const folder of [bad, good]) {
        await mkdir(folder)
        await writeFile(path.join(folder, 'a.txt'), 'Alpha')
      }
      watch = createFolderWatch({ except: [], log: silent, times, ...(thread && { thread }) })
    })
    afterEach(async () => {
      drive?.release()
      drive = undefined
      await watch.close()
      await rm(base, { recursive: true, force: true })
    })

    async function scan(folder: string): Promise<string[]> {
      const all: string[] = []
      for await (const entries of watch.scan(folder, { ignore: [] }, control.signal))
        all.push(...entries.map(entry => entry.path))
      return all
    }

    async function read(folder: string): Promise<string> {
      const parts: Uint8Array[] = []
      for await (const part of watch.read(folder, 'a.txt')) parts.push(part)
      return Buffer.concat(parts).toString()
    }

    test('is told as one, and other folders and files go on, whatever is asked of it', async () => {
      await watch.find(bad)
      await watch.find(good)
      expect([await scan(bad), await scan(good)]).toEqual([['a.txt'], ['a.txt']])
      const hints = watch.hints(good, { ignore: [] }, control.signal)[Symbol.asyncIterator]()
      await hints.next()
      drive = await hang(bad)
      const asked = [watch.find(bad), scan(bad), ...Array.from({ length: 8 }, () => read(bad))]
      const failed = Promise.all(asked.map(one => expect(one).rejects.toMatchObject({ code: 'folder-silent' })))
      // Both were in one thread until now: whoever waited there is told to ask again.
      await expect(scan(good)).rejects.toMatchObject({ code: 'cancelled' })
      await failed
      expect([(await watch.find(good)).path, await scan(good), await read(good)]).toEqual([good, ['a.txt'], 'Alpha'])
      // Those of promises are free.
      const others = Array.from({ length: 8 }, () => readFile(path.join(good, 'a.txt'), 'utf8'))
      expect(new Set(await Promise.all(others))).toEqual(new Set(['Alpha']))
      await expect(read(bad)).rejects.toMatchObject({ code: 'folder-silent' })
      drive.release()
      await expect.poll(() => read(bad).catch(() => '')).toBe('Alpha')
      expect(await scan(bad)).toEqual(['a.txt'])
    })

    test('that hung before anybody knew it holds up nobody at all', async () => {
      await watch.find(good)
      drive = await hang(bad)
      const failed = expect(watch.find(bad)).rejects.toMatchObject({ code: 'folder-silent' })
      const began = performance.now()
      expect(await scan(good)).toEqual(['a.txt'])
      expect(performance.now() - began).toBeLessThan(times.patience)
      await failed
      drive.release()
      await expect
        .poll(() =>
          watch.find(bad).then(
            found => found.path,
            () => '',
          ),
        )
        .toBe(bad)
    })

    test('is tried anew in another thread, where its call never comes back', async () => {
      await watch.close()
      watch = createFolderWatch({ except: [], log: silent, times: { ...times, again: 500 }, ...(thread && { thread }) })
      drive = await hang(bad)
      const asked = () => watch.find(bad).catch((error: unknown) => error)
      const began = performance.now()
      let slow = 0
      // Only who gets to a thread waits for it; the others are told at once.
      while (slow < 3 && performance.now() - began < 20_000) {
        const before = performance.now()
        expect(await asked()).toMatchObject({ code: 'folder-silent' })
        if (performance.now() - before > times.patience / 2) slow += 1
        await new Promise(resolve => setTimeout(resolve, 20))
      }
      expect(slow).toBe(3)
    })

    test('does not hold up whoever ends', async () => {
      drive = await hang(bad)
      // In a file: a thread inherits the options of who is begun with its code as one, and ends of them.
      const script = path.join(base, 'ends.mjs')
      const code = `
        import { createFolderWatch } from ${JSON.stringify(new URL('./watch.ts', import.meta.url).href)}
        const log = { error() {}, warn() {}, info() {}, debug() {} }
        const thread = ${JSON.stringify(thread?.href ?? null)}
        const times = { patience: 300, again: 600_000, look: 20 }
        const watch = createFolderWatch({ except: [], log, times, ...(thread && { thread: new URL(thread) }) })
        const error = await watch.find(${JSON.stringify(bad)}).catch(error => error)
        console.log(error.code)
        await watch.close()
        process.exit(3)`
      await writeFile(script, code)
      const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 10_000 })
      const ended = once(child, 'exit')
      const [said] = await once(child.stdout, 'data')
      const began = performance.now()
      expect(String(said)).toBe('folder-silent\n')
      expect(await ended).toEqual([3, null])
      expect(performance.now() - began).toBeLessThan(3000)
    })
  })
