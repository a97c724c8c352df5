import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { modelBytes } from '../../tests/downloads.ts'
import { sha256 } from '../../tests/model-server.ts'
import { createModelFiles } from './files.ts'
import { describeModel } from './gguf/describe.ts'
import { type ModelToPack, takePack, writePack } from './pack.ts'
import type { Manifest } from './pack-manifest.ts'

const one = modelBytes(300_000, 1)
const two = modelBytes(200_000, 2)

let base: string
let stick: string
let home: string
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'cloister-pack-'))
  stick = path.join(base, 'stick')
  home = path.join(base, 'home')
})
afterEach(() => rm(base, { recursive: true, force: true }))

async function model(name: string, bytes: Buffer): Promise<ModelToPack> {
  const file = path.join(base, name)
  await writeFile(file, bytes)
  const source = 'https://example.org/one.gguf'
  return { name, path: file, sha256: sha256(bytes), role: 'chat', license: 'apache-2.0', source }
}
const packed = async () => writePack([await model('one.gguf', one), await model('two.gguf', two)], stick)
const take = (names: string[] = [], more: object = {}) =>
  takePack(stick, names, {
    models: home,
    files: createModelFiles({ folder: home, check: describeModel }),
    check: describeModel,
    limit: Number.POSITIVE_INFINITY,
    ...more,
  })
const taken = async () => (await readdir(home).catch(() => [])).filter(name => name.endsWith('.gguf')).sort()
const manifest = async () => JSON.parse(await readFile(path.join(stick, 'manifest.json'), 'utf8')) as Manifest
const change = async (edit: (manifest: Manifest) => unknown) => {
  const now = await manifest()
  await writeFile(path.join(stick, 'manifest.json'), JSON.stringify(edit(now) ?? now))
}

describe('a pack of models', () => {
  it('goes onto a stick and from it, whole, with all that is known', async () => {
    const seen = new Map<string, number>()
    expect(await packed()).toMatchObject([{ name: 'one.gguf' }, { name: 'two.gguf' }])
    expect((await readdir(stick)).sort()).toEqual(['SHA256SUMS', 'manifest.json', 'one.gguf', 'two.gguf'])
    expect(await manifest()).toMatchObject({
      kind: 'cloister-model-pack',
      version: 1,
      models: [
        {
          name: 'one.gguf',
          size: one.length,
          sha256: sha256(one),
          role: 'chat',
          license: 'apache-2.0',
          source: 'https://example.org/one.gguf',
        },
        { name: 'two.gguf', size: two.length, sha256: sha256(two) },
      ],
    })
    // As anybody would check it.
    expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: stick, encoding: 'utf8' })).toMatch(/one.gguf: OK/)
    const result = await take([], { progress: (name: string, done: number) => seen.set(name, done) })
    expect(result.map(({ name, state }) => [name, state])).toEqual([
      ['one.gguf', 'taken'],
      ['two.gguf', 'taken'],
    ])
    expect(seen).toEqual(
      new Map([
        ['one.gguf', one.length],
        ['two.gguf', two.length],
      ]),
    )
    expect(await readFile(path.join(home, 'one.gguf.sha256'), 'utf8')).toBe(`${sha256(one)}  one.gguf\n`)
    expect((await take()).map(({ state }) => state)).toEqual(['present', 'present'])
  })

  it('takes some by name, and grows beside what is there', async () => {
    await writePack([await model('one.gguf', one)], stick)
    await writePack([await model('two.gguf', two)], stick)
    expect((await manifest()).models.map(({ name }) => name)).toEqual(['one.gguf', 'two.gguf'])
    expect((await take(['two'])).map(({ name }) => name)).toEqual(['two.gguf'])
    expect(await taken()).toEqual(['two.gguf'])
    await expect(take(['three'])).rejects.toMatchObject({ code: 'model-not-found' })
  })

  it.each<[string, () => Promise<unknown>, object]>([
    [
      'with a byte turned over',
      () => writeFile(path.join(stick, 'two.gguf'), Buffer.from(two).fill(9, 150_000, 150_001)),
      { code: 'pack-damaged', values: { name: 'two.gguf' } },
    ],
    [
      'cut short',
      () => writeFile(path.join(stick, 'two.gguf'), two.subarray(0, 1000)),
      { code: 'pack-damaged', values: { context: 'size' } },
    ],
    ['missing', () => rm(path.join(stick, 'two.gguf')), { code: 'pack-damaged', values: { context: 'missing' } }],
    [
      'a link',
      async () => {
        await rename(path.join(stick, 'two.gguf'), path.join(base, 'elsewhere'))
        await symlink(path.join(base, 'elsewhere'), path.join(stick, 'two.gguf'))
      },
      { code: 'pack-damaged', values: { context: 'link' } },
    ],
    [
      'a folder',
      async () => {
        await rm(path.join(stick, 'two.gguf'))
        await mkdir(path.join(stick, 'two.gguf'))
      },
      { code: 'pack-damaged', values: { context: 'link' } },
    ],
    [
      'no model, whatever its checksum says',
      async () => {
        const text = Buffer.from('not a model at all')
        await writeFile(path.join(stick, 'two.gguf'), text)
        await change(({ models }) => void Object.assign(models[1]!, { size: text.length, sha256: sha256(text) }))
      },
      { code: 'model-invalid', values: { name: 'two.gguf' } },
    ],
  ])('is not taken at all when one of it is %s', async (_, spoil, expected) => {
    await packed()
    await spoil()
    await expect(take()).rejects.toMatchObject(expected)
    expect(await taken()).toEqual([])
  })

  it.each<[string, (manifest: Manifest) => unknown]>([
    ['a path in a name', ({ models }) => void Object.assign(models[1]!, { name: '../two.gguf' })],
    ['a whole path for a name', ({ models }) => void Object.assign(models[1]!, { name: '/etc/two.gguf' })],
    ['a path of Windows for a name', ({ models }) => void Object.assign(models[1]!, { name: 'C:\\two.gguf' })],
    ['another kind of file', ({ models }) => void Object.assign(models[1]!, { name: 'two.sh' })],
    ['a hidden name', ({ models }) => void Object.assign(models[1]!, { name: '.two.gguf' })],
    ['a letter that no name may have', ({ models }) => void Object.assign(models[1]!, { name: 'two\u0000.gguf' })],
    ['the same name twice', ({ models }) => void Object.assign(models[1]!, { name: 'ONE.gguf' })],
    ['a size that is none', ({ models }) => void Object.assign(models[1]!, { size: -1 })],
    ['a checksum that is none', ({ models }) => void Object.assign(models[1]!, { sha256: 'abc' })],
    ['no models', manifest => void Object.assign(manifest, { models: [] })],
    ['another kind', manifest => void Object.assign(manifest, { kind: 'something' })],
    ['nothing', () => []],
  ])('whose manifest holds %s is none', async (_, edit) => {
    await packed()
    await change(edit)
    await expect(take()).rejects.toMatchObject({ code: 'pack-invalid', values: { context: 'manifest' } })
    expect(await taken()).toEqual([])
  })

  it('is none without a manifest, with one that is no JSON, a link or of a later version', async () => {
    await expect(take()).rejects.toMatchObject({ code: 'pack-invalid' })
    await packed()
    const file = path.join(stick, 'manifest.json')
    await change(manifest => void Object.assign(manifest, { version: 2, more: true }))
    await expect(take()).rejects.toMatchObject({ code: 'pack-invalid', values: { context: 'newer' } })
    await writeFile(file, '{"kind":')
    await expect(take()).rejects.toMatchObject({ code: 'pack-invalid', values: { context: 'manifest' } })
    await rm(file)
    await packed()
    await rename(file, path.join(base, 'm'))
    await symlink(path.join(base, 'm'), file)
    await expect(take()).rejects.toMatchObject({ code: 'pack-invalid', values: { context: 'manifest' } })
    expect(await taken()).toEqual([])
  })

  it('takes nothing while another model has one of its names, or one is too large', async () => {
    await packed()
    await mkdir(home)
    await writeFile(path.join(home, 'two.gguf'), one)
    await expect(take()).rejects.toMatchObject({ code: 'model-exists' })
    expect(await taken()).toEqual(['two.gguf'])
    await rm(path.join(home, 'two.gguf'))
    await expect(take([], { limit: 250_000 })).rejects.toMatchObject({ code: 'model-too-large' })
    expect(await taken()).toEqual([])
  })

  it('keeps nothing of a file that became another one after it was checked', async () => {
    await packed()
    const checked = async (file: string, name: string) => {
      await describeModel(file, name)
      if (name === 'two.gguf') await writeFile(path.join(stick, 'one.gguf'), Buffer.from(one).fill(9, 150_000, 150_001))
    }
    await expect(take([], { check: checked })).rejects.toMatchObject({ code: 'pack-damaged' })
    expect(await taken()).toEqual([])
  })

  it.each<[string, string, () => Promise<unknown>]>([
    ['later', 'keptNewer', () => change(manifest => void Object.assign(manifest, { version: 2 }))],
    ['damaged', 'kept', () => writeFile(path.join(stick, 'manifest.json'), '{"kind":')],
    ['foreign', 'kept', () => writeFile(path.join(stick, 'manifest.json'), '{"name":"my app"}')],
  ])('is not written over one whose manifest is %s', async (_, context, spoil) => {
    await writePack([await model('one.gguf', one)], stick)
    await spoil()
    const before = await readFile(path.join(stick, 'manifest.json'), 'utf8')
    await expect(packed()).rejects.toMatchObject({ code: 'pack-invalid', values: { context } })
    expect(await readFile(path.join(stick, 'manifest.json'), 'utf8')).toBe(before)
    expect((await readdir(stick)).sort()).toEqual(['SHA256SUMS', 'manifest.json', 'one.gguf'])
  })

  it('holds only what can be taken from it', async () => {
    const long = { ...(await model('m.bin', one)), license: 'x'.repeat(3000) }
    expect(await writePack([long], stick)).toMatchObject([{ name: 'm.bin.gguf' }])
    expect(await take(['m.bin'])).toMatchObject([{ name: 'm.bin.gguf', state: 'taken' }])
    const named = async (name: string) => ({ ...(await model('one.gguf', one)), name })
    const next = path.join(base, 'next')
    for (const name of ['.hidden.gguf', 'con.gguf', 'a:b.gguf', 'a\nb.gguf'])
      await expect(writePack([await named(name)], next)).rejects.toMatchObject({
        code: 'pack-invalid',
        values: { name, context: 'name' },
      })
    await expect(writePack([await model('One.gguf', two), await model('one.gguf', one)], next)).rejects.toMatchObject({
      code: 'pack-invalid',
      values: { context: 'twice' },
    })
    await expect(readdir(next)).rejects.toThrow('ENOENT')
    const same = await model('one.gguf', one)
    expect(await writePack([same, same], next)).toHaveLength(1)
  })

  it('is not made of what has changed, of nothing, or where nothing can be written', async () => {
    const changed = { ...(await model('one.gguf', one)), sha256: sha256(two) }
    await expect(writePack([changed], stick)).rejects.toMatchObject({
      code: 'pack-damaged',
      values: { context: 'source' },
    })
    await expect(writePack([], stick)).rejects.toMatchObject({ code: 'pack-invalid', values: { context: 'empty' } })
    expect(await readdir(stick)).toEqual([])
    await writeFile(path.join(base, 'file'), '')
    const nowhere = path.join(base, 'file', 'stick')
    await expect(writePack([await model('one.gguf', one)], nowhere)).rejects.toMatchObject({ code: 'pack-unwritable' })
    const stop = AbortSignal.abort()
    await expect(writePack([await model('one.gguf', one)], stick, { signal: stop })).rejects.toBe(stop.reason)
    await packed()
    await expect(take([], { signal: stop })).rejects.toBe(stop.reason)
  })
})
