import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AppError, reasonOf, toAppError } from '../errors.ts'
import { createTranslate, explain } from '../messages/index.ts'
import { createSecrets } from './secrets.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-secrets-'))
  file = path.join(folder, 'data', 'secrets.key')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const unreadable = { code: 'secrets-unreadable' }
const key = randomBytes(32)

test.each([
  ['base64', key.toString('base64')],
  ['base64 without its end', key.toString('base64url')],
  ['hex', key.toString('hex')],
  ['a passphrase', 'Fünf Füchse fressen frische Feigen'],
])(
  'what is sealed with %s opens with the same, in another process too, and nowhere says what it is',
  async (_, given) => {
    const text = 'sk-Geheim-äöü-0123456789'
    const sealed = await createSecrets({ key: given }).seal(text, 'provider local x')
    expect(await createSecrets({ key: given }).open(sealed, 'provider local x')).toBe(text)
    expect(sealed).not.toContain('Geheim')
    expect(Buffer.from(sealed.split('.').at(-1)!, 'base64url').toString('latin1')).not.toContain('Geheim')
  },
)

test('the same text is never sealed to the same', async () => {
  const secrets = createSecrets({ key: key.toString('hex') })
  expect(await secrets.seal('a', 'p')).not.toBe(await secrets.seal('a', 'p'))
})

test('nothing opens for another purpose, with another key, or when a bit of it was changed', async () => {
  const secrets = createSecrets({ key: key.toString('hex') })
  const sealed = await secrets.seal('text', 'provider local openai')
  await expect(secrets.open(sealed, 'provider other openai')).rejects.toMatchObject(unreadable)
  await expect(createSecrets({ key: 'another' }).open(sealed, 'provider local openai')).rejects.toMatchObject(
    unreadable,
  )
  const parts = sealed.split('.')
  for (const at of [2, 3, 4]) {
    const bytes = Buffer.from(parts[at], 'base64url')
    bytes[0] ^= 1
    const changed = parts.with(at, bytes.toString('base64url')).join('.')
    await expect(secrets.open(changed, 'provider local openai')).rejects.toMatchObject(unreadable)
  }
  for (const nonsense of ['', 'v1', 'v1....', `v2${sealed.slice(2)}`, sealed.slice(0, -8), `${sealed}.x`])
    await expect(secrets.open(nonsense, 'provider local openai')).rejects.toMatchObject(unreadable)
})

test('a key is made at first use, for its owner alone; two at once make one', async () => {
  await expect(createSecrets({ file }).open('v1...', 'p')).rejects.toMatchObject(unreadable)
  const all = Array.from({ length: 8 }, () => createSecrets({ file }))
  const sealed = await Promise.all(all.map((secrets, at) => secrets.seal(`text ${at}`, 'p')))
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(path.dirname(file))).toEqual(['secrets.key'])
  const opened = await Promise.all(sealed.map(one => createSecrets({ file }).open(one, 'p')))
  expect(opened).toEqual(all.map((_, at) => `text ${at}`))
  expect(Buffer.from((await readFile(file, 'utf8')).trim(), 'base64')).toHaveLength(32)
})

test('a key that is lost, or spoiled, opens nothing and takes nothing else with it', async () => {
  const sealed = await createSecrets({ file }).seal('text', 'p')
  await writeFile(file, 'nonsense')
  await expect(createSecrets({ file }).open(sealed, 'p')).rejects.toMatchObject(unreadable)
  // What was sealed with the right one must not be lost to a new one.
  const error = await createSecrets({ file }).seal('text', 'p').catch(toAppError)
  expect(error).toMatchObject({ ...unreadable, values: { file } })
  for (const language of ['en', 'de'] as const)
    expect(explain(createTranslate(language), reasonOf(error as AppError))).toContain(file)
  expect(await readFile(file, 'utf8')).toBe('nonsense')
  await rm(file)
  await expect(createSecrets({ file }).open(sealed, 'p')).rejects.toMatchObject(unreadable)
  const anew = createSecrets({ file })
  expect(await anew.open(await anew.seal('again', 'p'), 'p')).toBe('again')
})

test('without a key and without a place for one, it says so', async () => {
  await expect(createSecrets({}).seal('text', 'p')).rejects.toMatchObject({ code: 'secrets-key' })
  await chmod(folder, 0o700)
})
