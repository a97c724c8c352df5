import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
    expect((await readdir(folder)).sort()).toEqual(['checksums.json', 'small.gguf'])
  })

  it('leave nothing behind when the copy is stopped, and clear away what a killed process left', async () => {
    const file = await source('GGUF weights')
    const stop = AbortSignal.abort()
    await expect(files().add(file, { signal: stop })).rejects.toMatchObject({ code: 'cancelled' })
    expect(await readdir(folder)).toEqual([])
    // No system gives out a number this high.
    await writeFile(path.join(folder, 'old.gguf.99999999.part'), 'half')
    await files().add(file)
    expect((await readdir(folder)).sort()).toEqual(['checksums.json', 'small.gguf'])
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

  it('are removed with their checksum', async () => {
    await files().add(await source('GGUF weights'))
    await files().remove('small')
    await expect(files().remove('small')).rejects.toMatchObject({ code: 'model-not-found' })
    expect(JSON.parse(await readFile(path.join(folder, 'checksums.json'), 'utf8'))).toEqual({})
    await expect(files().remove('checksums.json')).rejects.toMatchObject({ code: 'model-not-found' })
  })
})
