import { execFileSync, fork } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { blobsContract, of } from './contract.ts'
import { createFolderBlobs } from './folder.ts'

blobsContract({ open: folder => createFolderBlobs({ folder }), leftovers: folder => readdir(join(folder, 'tmp')) })

describe('blobs in a folder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'folder-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })
  const program = new URL('./folder.ts', import.meta.url).href
  const blob = new TextEncoder().encode('abc')
  const hash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

  it('keeps files private and read-only', async () => {
    const blobs = await createFolderBlobs({ folder: join(folder, 'new', 'deep') })
    await blobs.put(of(blob))
    const mode = async (...path: string[]) =>
      ((await stat(join(folder, 'new', 'deep', ...path))).mode & 0o777).toString(8)
    expect(await mode('ba', hash.slice(2))).toBe('400')
    expect([await mode(), await mode('ba'), await mode('tmp')]).toEqual(['700', '700', '700'])
  })

  it('sweeps what a crash left, a day later', async () => {
    await createFolderBlobs({ folder })
    await writeFile(join(folder, 'tmp', 'old'), 'x')
    await writeFile(join(folder, 'tmp', 'young'), 'x')
    const hours = (count: number) => new Date(Date.now() - count * 60 * 60 * 1000)
    await utimes(join(folder, 'tmp', 'old'), hours(25), hours(25))
    await utimes(join(folder, 'tmp', 'young'), hours(23), hours(23))
    await createFolderBlobs({ folder })
    expect(await readdir(join(folder, 'tmp'))).toEqual(['young'])
  })

  it('passes over what others put there', async () => {
    const blobs = await createFolderBlobs({ folder })
    await blobs.put(of(blob))
    await writeFile(join(folder, 'ab'), 'a file where a folder would be')
    await mkdir(join(folder, 'cd'))
    await writeFile(join(folder, 'cd', '.DS_Store'), '')
    await mkdir(join(folder, 'notes'))
    const found = []
    for await (const each of blobs.list()) found.push(each.hash)
    expect(found).toEqual([hash])
  })

  it('says that the folder cannot be had', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(createFolderBlobs({ folder: join(folder, 'file') })).rejects.toMatchObject({ code: 'data-directory' })
    await expect(createFolderBlobs({ folder: join(folder, 'file', 'in') })).rejects.toMatchObject({
      code: 'data-directory',
    })
  })

  it('shows nothing of a blob whose process was killed', async () => {
    const script = join(folder, 'put.mjs')
    await writeFile(
      script,
      `import { createFolderBlobs } from '${program}'
       const blobs = await createFolderBlobs({ folder: process.argv[2] })
       async function* source() {
         for (let part = 0; ; part++) {
           yield new Uint8Array(100_000).fill(part)
           if (part === 20) process.send('under way')
           if (part > 20) await new Promise(resolve => setTimeout(resolve, 1000))
         }
       }
       await blobs.put(source())`,
    )
    const data = join(folder, 'blobs')
    const child = fork(script, [data], { execArgv: [] })
    const ended = new Promise(resolve => child.once('exit', (_, signal) => resolve(signal)))
    expect(await new Promise(resolve => child.once('message', resolve))).toBe('under way')
    child.kill('SIGKILL')
    expect(await ended).toBe('SIGKILL')
    const blobs = await createFolderBlobs({ folder: data })
    for await (const each of blobs.list()) expect.fail(`${each.hash} is visible`)
    expect(await readdir(data)).toEqual(['tmp'])
    expect((await blobs.put(of(blob))).hash).toBe(hash)
  })

  // A real full disk: a small one in memory, which needs a user namespace.
  const small = (command: string) => ['-rm', 'sh', '-c', `mount -t tmpfs -o size=1m none "${folder}" && ${command}`]
  const canMount = (() => {
    try {
      execFileSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs none /mnt'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })()

  it.skipIf(!canMount)('says that the disk is full, and leaves room (needs user namespaces)', async () => {
    const script = await mkdtemp(join(tmpdir(), 'full-'))
    await writeFile(
      join(script, 'fill.mjs'),
      `import { createFolderBlobs } from '${program}'
       import { readdirSync } from 'node:fs'
       const blobs = await createFolderBlobs({ folder: process.argv[2] })
       const of = async function* (size) { for (let at = 0; at < size; at += 1000) yield new Uint8Array(1000).fill(at) }
       const result = await blobs.put(of(3_000_000)).then(() => 'stored', error => error.code)
       const { size } = await blobs.put(of(500_000))
       console.log(JSON.stringify([result, size, readdirSync(process.argv[2] + '/tmp')]))`,
    )
    try {
      const said = execFileSync('unshare', small(`"${process.execPath}" "${join(script, 'fill.mjs')}" "${folder}"`), {
        encoding: 'utf8',
      })
      expect(JSON.parse(said)).toEqual(['disk-full', 500_000, []])
    } finally {
      await rm(script, { recursive: true, force: true })
    }
  })
})
