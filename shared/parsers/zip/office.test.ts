import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import crypto from 'officecrypto-tool'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openArchive } from './archive.ts'
import { openOffice } from './office.ts'

const text = Array.from({ length: 5_000 }, (_, index) => `Absatz ${index} kostet ${index * 7} Euro.`).join('\n')
const zip = Buffer.from(
  zipSync({ 'a/eins.xml': strToU8('<eins/>'), 'a/groß.xml': strToU8(text), 'zuletzt.xml': strToU8('<z/>') }),
)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'office-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function fileOf(bytes: Uint8Array): Promise<string> {
  const file = join(folder, 'file')
  await writeFile(file, bytes)
  return file
}

describe('a protected office file', () => {
  it.each(['agile', 'standard'] as const)(
    'is decrypted with its password (%s)',
    async type => {
      const locked = crypto.encrypt(zip, { password: 'geheim', ...(type === 'standard' && { type }) })
      const file = await fileOf(locked)
      const archive = await openOffice(file, { password: 'geheim' })
      const entry = archive.find('a/eins.xml')
      expect(entry && (await archive.read(entry)).bytes.toString()).toBe('<eins/>')
      await archive.close()
      await expect(openOffice(file, {})).rejects.toMatchObject({ code: 'password-protected' })
      await expect(openOffice(file, { password: 'falsch' })).rejects.toMatchObject({ code: 'password-wrong' })
    },
    30_000,
  )

  it('is something else when nothing encrypted is in it', async () => {
    const legacy = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(2_000)])
    await expect(openOffice(await fileOf(legacy), { mediaType: 'x/y' })).rejects.toMatchObject({
      code: 'type-mismatch',
      values: { type: 'x/y' },
    })
  })

  it('is refused when its password is to be tried for more rounds than any program asks for', async () => {
    const locked = crypto.encrypt(zip, { password: 'geheim' }).toString('latin1')
    const more = locked.replace('spinCount="100000" ', 'spinCount="1000001"')
    expect(more).not.toBe(locked)
    await expect(openOffice(await fileOf(Buffer.from(more, 'latin1')), { password: 'geheim' })).rejects.toMatchObject({
      code: 'damaged',
      values: { what: 'rounds' },
    })
  })

  it('is damaged when what is encrypted is gone', async () => {
    const locked = crypto.encrypt(zip, { password: 'geheim', type: 'standard' })
    const file = await fileOf(locked.subarray(0, 1_024))
    const failure = await openOffice(file, { password: 'geheim' }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: expect.stringMatching(/damaged|type-mismatch/) })
  })
})

describe('an archive without its directory', () => {
  it('gives the entries that can be found, and says so', async () => {
    const whole = await openArchive(zip)
    expect(whole.damaged).toBe(false)
    const cut = await openArchive(zip.subarray(0, zip.length - 30))
    expect(cut.damaged).toBe(true)
    expect(cut.entries.map(entry => entry.name)).toEqual(['a/eins.xml', 'a/groß.xml', 'zuletzt.xml'])
    for (const entry of cut.entries) expect((await cut.read(entry)).damaged).toBe(false)
  })

  it('gives of an entry what comes before the cut', async () => {
    const cut = await openArchive(zip.subarray(0, Math.floor(zip.length / 2)))
    const entry = cut.find('a/groß.xml')
    if (!entry) throw new Error('not found')
    const { bytes, damaged } = await cut.read(entry)
    expect(damaged).toBe(true)
    expect(bytes.length).toBeGreaterThan(0.3 * text.length)
    expect(text.startsWith(bytes.toString())).toBe(true)
  })

  it('gives of an entry what comes before wrong bytes', async () => {
    const broken = Buffer.from(zip)
    broken.fill(0xff, Math.floor(zip.length / 2), Math.floor(zip.length / 2) + 16)
    const archive = await openArchive(broken)
    expect(archive.damaged).toBe(false)
    const entry = archive.find('a/groß.xml')
    if (!entry) throw new Error('not found')
    const { bytes, damaged } = await archive.read(entry)
    expect(damaged).toBe(true)
    expect(bytes.toString().slice(0, 50_000)).toBe(text.slice(0, 50_000))
  })

  it('is damaged when there is no entry at all', async () => {
    await expect(openArchive(Buffer.from('PK, and no more'))).rejects.toMatchObject({ code: 'damaged' })
  })

  it('holds its limits', async () => {
    const many = zipSync(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${index}`, strToU8('x')])))
    const limits = { entries: 20, bytes: 1e6, ratio: 100 }
    await expect(openArchive(many, { limits })).rejects.toMatchObject({ code: 'archive-too-large' })
    await expect(openArchive(many.subarray(0, many.length - 40), { limits })).rejects.toMatchObject({
      code: 'archive-too-large',
    })
    const bomb = await openArchive(zipSync({ bomb: new Uint8Array(20 * 1024 ** 2) }))
    const entry = bomb.entries[0]
    if (!entry) throw new Error('none')
    await expect(bomb.read(entry)).rejects.toMatchObject({ code: 'archive-too-large' })
  })
})
