/** What every way of looking at folders must do, over real ones. */
import { appendFile, chmod, mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FolderEntry } from '../model/index.ts'
import type { FolderWatch } from '../ports.ts'

export function testFolderWatch(name: string, open: (except: readonly string[]) => FolderWatch): void {
  describe(`folders of this machine: ${name}`, () => {
    let base: string
    let root: string
    let own: string
    let watch: FolderWatch
    const control = new AbortController()

    beforeEach(async () => {
      base = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-watch-')))
      root = path.join(base, 'ordner')
      own = path.join(root, 'eigenes')
      await mkdir(own, { recursive: true })
      watch = open([own])
    })
    afterEach(async () => {
      await watch.close()
      await rm(base, { recursive: true, force: true })
    })

    async function write(file: string, text = file): Promise<void> {
      await mkdir(path.dirname(path.join(root, file)), { recursive: true })
      await writeFile(path.join(root, file), text)
    }

    async function scan(at?: readonly string[], ignore: readonly string[] = []): Promise<FolderEntry[]> {
      const all: FolderEntry[] = []
      for await (const entries of watch.scan(root, { ignore, ...(at && { at }) }, control.signal)) all.push(...entries)
      return all
    }

    test('a folder is found where it really lies, with what tells it from another', async () => {
      const found = await watch.find(root)
      expect(found).toMatchObject({ path: root, network: false })
      await symlink(root, path.join(base, 'verweis'))
      expect(await watch.find(path.join(base, 'verweis'))).toEqual(found)
      await rename(root, path.join(base, 'anders'))
      expect(await watch.find(path.join(base, 'anders'))).toEqual({ ...found, path: path.join(base, 'anders') })
      await mkdir(root)
      expect((await watch.find(root)).inode).not.toBe(found.inode)
    })

    test('what is none says why', async () => {
      await write('datei.txt')
      const why = (folder: string) => expect(watch.find(folder)).rejects
      await why('ordner').toMatchObject({ code: 'folder-not-absolute' })
      await why(path.join(base, 'fehlt')).toMatchObject({ code: 'folder-missing' })
      await why(path.join(root, 'datei.txt')).toMatchObject({ code: 'folder-no-folder' })
      await why(own).toMatchObject({ code: 'own-data' })
      await rm(root, { recursive: true })
      await expect(scan()).rejects.toMatchObject({ code: 'folder-missing' })
      // Nobody lacks a permission who is root.
      if (process.getuid?.() === 0) return
      await mkdir(root)
      await chmod(root, 0)
      await why(root).toMatchObject({ code: 'folder-unreadable' })
    })

    test('all files come once, in the order of the bytes of their paths, with what tells of a change', async () => {
      // What a slash, a sign before it, and one beyond the first plane make of an order.
      for (const file of ['a/z.txt', 'a-1.txt', 'a.txt', 'a/b/c.txt', 'ä.txt', '𝒳.txt', '\uFF5E.txt', 'B.txt'])
        await write(file)
      await write('.git/x.txt')
      await write('eigenes/geheim.txt')
      await symlink(path.join(root, 'a.txt'), path.join(root, 'verweis.txt'))
      await symlink(root, path.join(root, 'kreis'))
      const found = await scan()
      const order = ['B.txt', 'a-1.txt', 'a.txt', 'a/b/c.txt', 'a/z.txt', 'ä.txt', '\uFF5E.txt', '𝒳.txt']
      expect(found.map(entry => entry.path)).toEqual(order)
      expect(order).toEqual([...order].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))))
      expect(found[0]).toMatchObject({ type: 'file', size: 5, device: (await watch.find(root)).device })
      await appendFile(path.join(root, 'B.txt'), 'mehr')
      const [changed] = await scan(['B.txt'])
      expect(changed).not.toEqual(found[0])
    })

    test('a path that is asked for is a file, a folder with all in it, or absent', async () => {
      await write('da/eins.txt')
      await write('da/zwei.txt')
      await write('weg/drei.txt')
      await write('vier.txt')
      await symlink(path.join(root, 'da'), path.join(root, 'verweis'))
      const found = await scan(
        ['vier.txt', 'da', 'fehlt/ganz.txt', 'weg/drei.txt', 'verweis/eins.txt', 'eigenes'],
        ['weg'],
      )
      expect(found.map(({ type, path }) => `${type} ${path}`)).toEqual([
        'absent da',
        'file da/eins.txt',
        'file da/zwei.txt',
        'absent eigenes',
        'absent fehlt/ganz.txt',
        'absent verweis/eins.txt',
        'file vier.txt',
        'absent weg/drei.txt',
      ])
    })

    test('many files come in many parts, and whoever has enough may stop', async () => {
      for (let at = 0; at < 1200; at++) await write(`${at % 7}/${at}.txt`, '')
      expect((await scan()).length).toBe(1200)
      for await (const entries of watch.scan(root, { ignore: [] }, control.signal)) {
        expect(entries.length).toBeLessThan(1200)
        break
      }
      const stopped = new AbortController()
      stopped.abort()
      const none = watch.scan(root, { ignore: [] }, stopped.signal)[Symbol.asyncIterator]()
      await expect(none.next()).rejects.toThrow()
    })

    test('what changes is hinted at, once everything was', async () => {
      await write('da/eins.txt')
      const ending = new AbortController()
      const hints = watch.hints(root, { ignore: ['aus/'] }, ending.signal)[Symbol.asyncIterator]()
      const heard = new Set<string>()
      const hear = async (wanted: string) => {
        while (!heard.has(wanted)) for (const hint of (await hints.next()).value ?? []) heard.add(hint)
      }
      await hear('')
      await write('neu.txt')
      await hear('neu.txt')
      await write('da/tief/zwei.txt')
      // A folder that has just come stands for all in it: a file may be there before it is watched.
      await hear('da/tief')
      await write('aus/nichts.txt')
      heard.clear()
      await writeFile(path.join(root, 'da/eins.txt'), 'anders')
      await hear('da/eins.txt')
      await rm(path.join(root, 'neu.txt'))
      await hear('neu.txt')
      expect([...heard].filter(hint => hint.startsWith('aus/'))).toEqual([])
      const last = hints.next()
      ending.abort()
      await expect(last).rejects.toMatchObject({ code: 'cancelled' })
    })

    test('a file is read as it is, and one that is not there says so', async () => {
      await write('groß.txt', 'ä'.repeat(400_000))
      const parts: Uint8Array[] = []
      for await (const part of watch.read(root, 'groß.txt')) parts.push(part)
      expect(Buffer.concat(parts).toString()).toBe('ä'.repeat(400_000))
      const none = watch.read(root, 'fehlt.txt')[Symbol.asyncIterator]()
      await expect(none.next()).rejects.toMatchObject({ code: 'file-missing' })
      const growing = watch.read(root, 'groß.txt')[Symbol.asyncIterator]()
      await growing.next()
      await appendFile(path.join(root, 'groß.txt'), 'mehr')
      await expect(
        (async () => {
          while (!(await growing.next()).done);
        })(),
      ).rejects.toMatchObject({ code: 'file-changed' })
    })

    test('when it is closed, whoever waits hears so', async () => {
      const hints = watch.hints(root, { ignore: [] }, control.signal)[Symbol.asyncIterator]()
      await hints.next()
      const next = expect(hints.next()).rejects.toMatchObject({ code: 'cancelled' })
      await watch.close()
      await next
      await expect(watch.find(root)).rejects.toMatchObject({ code: 'cancelled' })
    })
  })
}
