import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { certificate } from './fixture.ts'
import { readTarget } from './settings.ts'

const read = (rest: string, host = 'db.example') =>
  readTarget({ url: `postgres://someone:word@${host}/library${rest}` })

it('takes the user, the password and the database as they are meant', async () => {
  const password = 'p@ss:w/ord#?%&=+ üß'
  const url = `postgres://some%20one:${encodeURIComponent(password)}@[::1]:6543/my%2Fdb`
  expect(await readTarget({ url })).toMatchObject({
    user: 'some one',
    password,
    host: '::1',
    port: 6543,
    database: 'my/db',
  })
})

it.each([
  ['', 'prefer'],
  ['?sslmode=allow', 'prefer'],
  ['?ssl=true', 'require'],
  ['?ssl=1', 'require'],
  ['?ssl=false', 'prefer'],
  ['?ssl=no-verify', 'require'],
  ['?sslmode=no-verify', 'require'],
  ['?ssl=true&sslmode=verify-full', 'verify-full'],
  ['?channel_binding=require', 'require'],
  ['?channel_binding=prefer', 'prefer'],
  ['?sslmode=verify-full&channel_binding=require', 'verify-full'],
])('understands “%s” as %s', async (rest, mode) => {
  expect((await read(rest)).tls).toBe(mode)
})

it('encrypts on this machine where it is asked to', async () => {
  expect((await read('', 'localhost')).tls).toBe('disable')
  expect((await read('?channel_binding=prefer', '127.0.0.1')).tls).toBe('disable')
  expect((await read('?channel_binding=require', '127.0.0.1')).tls).toBe('require')
  const folder = await mkdtemp(join(tmpdir(), 'settings-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const root = join(folder, 'root.pem')
  await writeFile(root, certificate)
  expect((await read(`?sslrootcert=${root}`, 'localhost')).tls).toBe('prefer')
  // What holds no certificate would be left out, and others trusted in its place.
  await writeFile(root, 'not a certificate')
  await expect(read(`?sslmode=verify-full&sslrootcert=${root}`)).rejects.toMatchObject({
    code: 'database-tls',
    values: { detail: root },
  })
})

it.each([
  ['postgres://anna@h/library', 'library', false],
  ['postgres://anna@h?dbname=library', 'library', false],
  ['postgres://anna@h', 'anna', true],
  ['postgres://anna@h/', 'anna', true],
  ['postgres://h', 'postgres', true],
])('takes “%s” for “%s”, as libpq does', async (url, database, unnamed) => {
  expect(await readTarget({ url })).toMatchObject({ database, unnamed })
})

it('refuses what only begins like a URL of a database', async () => {
  await expect(readTarget({ url: 'postgres:library' })).rejects.toMatchObject({ code: 'database-url' })
})

it.each(['?sslmode=maybe', '?sslmode=disable&channel_binding=require'])('refuses “%s”', async rest => {
  await expect(read(rest)).rejects.toMatchObject({ code: 'database-url' })
})
