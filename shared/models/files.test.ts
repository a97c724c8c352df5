import { createHash } from 'node:crypto'
import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AppError } from '../errors.ts'
import { createModelFiles } from './files.ts'

let base: string
let folder: string
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'cloister-model-files-'))
  folder = path.join(base, 'models')
})
afterEach(() => rm(base, { recursive: true, force: true }))

async function check(file: string): Promise<void> {
  const text = await readFile(file, 'latin1')
  if (!text.startsWith('GGUF')) throw new AppError('model-invalid', { name: path.basename(file), detail: 'not-gguf' })
}
const files = () => createModelFiles({ folder, check })
const source = async (text: string, name = 'small.gguf') => {
  const file = path.join(base, name)
  await writeFile(file, text)
  return file
}
const sha = (text: string) => createHash('sha256').update(text).digest('hex')

describe('model files', () => {
  it('are copied in with their checksum, and only sound ones', async () => {
    const seen: number[] = []
    const added = await files().add(await source('GGUF weights'), { progress: done => seen.push(done) })
    expect(added).toEqual({ name: 'small.gguf', size: 12, sha256: sha('GGUF weights') })
    expect(seen).toEqual([12])
    expect(await readFile(path.join(folder, 'small.gguf'), 'utf8')).toBe('GGUF weights')
    await expect(files().add(await source('zip', 'other.bin'))).rejects.toMatchObject({ code: 'model-invalid' })
    await expect(files().add(await source('GGUF more'))).rejects.toMatchObject({ code: 'model-exists' })
    await expect(files().add(path.join(base, 'none.gguf'))).rejects.toMatchObject({ code: 'file-missing' })
    await expect(files().add(base)).rejects.toMatchObject({ code: 'file-missing' })
    expect((await readdir(folder)).sort()).toEqual(['small.gguf', 'small.gguf.sha256'])
  })

  it('come in as bytes, written once under no name, with names as long as the disk takes', async () => {
    const seen: string[][] = []
    const bytes = async function* (...texts: string[]) {
      for (const text of texts) {
        yield Buffer.from(text)
        seen.push(await readdir(folder))
      }
    }
    const longest = `${'ä'.repeat(121)}.gguf`
    const added = await files().receive(longest, bytes('GGUF wei', 'ghts'))
    expect(added).toEqual({ name: longest, size: 12, sha256: sha('GGUF weights') })
    expect(await files().verify(longest)).toMatchObject({ state: 'sound' })
    expect(seen.every(names => names.length <= 1 && names.every(name => name.endsWith('.part')))).toBe(true)
    const refused = (name: string, text = 'GGUF') => expect(files().receive(name, bytes(text))).rejects
    await refused(longest).toMatchObject({ code: 'model-exists' })
    await refused(`${'ä'.repeat(125)}.gguf`).toMatchObject({ code: 'model-invalid' })
    await refused('weights.bin').toMatchObject({ code: 'model-invalid' })
    await refused('zip.gguf', 'PK').toMatchObject({ code: 'model-invalid', values: { name: 'zip.gguf' } })
    expect((await readdir(folder)).sort()).toEqual([longest, `${longest}.sha256`])
  })

  it('leave nothing behind when the copy is stopped, and clear away what a killed process left', async () => {
    const file = await source('GGUF weights')
    const stop = AbortSignal.abort()
    await expect(files().add(file, { signal: stop })).rejects.toMatchObject({ code: 'cancelled' })
    expect(await readdir(folder)).toEqual([])
    // No system gives out a number this high.
    await writeFile(path.join(folder, 'old.gguf.99999999.part'), 'half')
    await files().add(file)
    expect((await readdir(folder)).sort()).toEqual(['small.gguf', 'small.gguf.sha256'])
  })

  it('are verified byte by byte; one put there by hand is pinned, by its name with or without the ending', async () => {
    await files().add(await source('GGUF weights'))
    await writeFile(path.join(folder, 'hand.gguf'), 'GGUF by hand')
    expect(await files().verify('small')).toMatchObject({ name: 'small.gguf', state: 'sound' })
    expect(await files().verify('hand.gguf')).toMatchObject({ state: 'pinned', sha256: sha('GGUF by hand') })
    expect(await files().verify('hand')).toMatchObject({ state: 'sound' })
    await writeFile(path.join(folder, 'small.gguf'), 'GGUF weighty')
    expect(await files().verify('small')).toMatchObject({ state: 'changed' })
    await expect(files().verify('../small')).rejects.toMatchObject({ code: 'model-not-found' })
  })

  it('become the newest of their folder when they are chosen, whatever time the others bring along', async () => {
    await files().add(await source('GGUF weights'))
    const later = new Date(Date.now() + 3_600_000)
    await files().add(await source('GGUF more', 'other.gguf'))
    await utimes(path.join(folder, 'other.gguf'), later, later)
    expect(await files().use('small')).toEqual({ name: 'small.gguf' })
    const times = await Promise.all(['small', 'other'].map(name => stat(path.join(folder, `${name}.gguf`))))
    expect(times[0]?.mtimeMs).toBeGreaterThan(times[1]?.mtimeMs ?? Number.POSITIVE_INFINITY)
    await expect(files().use('none')).rejects.toMatchObject({ code: 'model-not-found' })
  })

  it('are removed with their checksum', async () => {
    await files().add(await source('GGUF weights'))
    await files().remove('small')
    await expect(files().remove('small')).rejects.toMatchObject({ code: 'model-not-found' })
    expect(await readdir(folder)).toEqual([])
    await files().add(await source('GGUF weights'))
    await expect(files().remove('small.gguf.sha256')).rejects.toMatchObject({ code: 'model-not-found' })
  })

  it.each([
    ['by a second name', link],
    ['by a look before, where there are no second names', refused],
  ])('of one name added at once are taken once: %s', async (_, place) => {
    const [one, other] = [await source('GGUF one'), path.join(base, 'elsewhere', 'small.gguf')]
    await mkdir(path.dirname(other))
    await writeFile(other, 'GGUF another')
    // Both have seen that the name is free, and have copied, before either goes on.
    let arrived = 0
    const both = Promise.withResolvers<void>()
    const meeting: typeof link = async (from, to) => {
      if (++arrived === 2) both.resolve()
      await both.promise
      // Without second names, one after the other is all that can be told apart.
      if (place === refused && arrived++ === 2)
        await vi.waitFor(async () => expect(await readdir(folder)).toContain('small.gguf'), 30_000)
      await place(from, to)
    }
    const results = await Promise.allSettled(
      [one, other].map(file => createModelFiles({ folder, check, place: meeting }).add(file)),
    )
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'model-exists' } })
    expect(await files().verify('small')).toMatchObject({ state: 'sound' })
    expect((await readdir(folder)).sort()).toEqual(['small.gguf', 'small.gguf.sha256'])
  })

  it('of many names added at once all keep their checksums', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `model-${index}.gguf`)
    await Promise.all(names.map(async name => files().add(await source(`GGUF ${name}`, name))))
    for (const name of names) expect(await files().verify(name)).toMatchObject({ state: 'sound' })
  })

  it('may end in capitals', async () => {
    expect(await files().add(await source('GGUF weights', 'X.GGUF'))).toMatchObject({ name: 'X.GGUF' })
    expect(await files().verify('X')).toMatchObject({ name: 'X.GGUF', state: 'sound' })
    await files().remove('X.GGUF')
    expect(await readdir(folder)).toEqual([])
  })
})

async function refused(): Promise<void> {
  throw Object.assign(new Error('no second names here'), { code: 'EPERM' })
}
