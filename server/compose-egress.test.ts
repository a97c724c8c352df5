import { describe, expect, test } from 'vitest'
import { silent } from '../tests/open-store.ts'
import { connectionsOf, openOutgoing } from './compose-egress.ts'
import { readConfig } from './config.ts'

const read = (environment: Record<string, string>) => readConfig({ environment, data: '/nowhere', cores: 2 })
const outgoing = (environment: Record<string, string>) => read(environment).outgoing
const day = 86_400_000

describe('settings of connections to other machines', () => {
  test('without any: nothing is kept back, no proxy, 400 days', () => {
    expect(outgoing({})).toEqual({ offline: false, proxies: {}, ledgerRetention: 400 * day })
  })

  test.each(['on', 'ON', '1', 'true', 'yes', ' on '])('OFFLINE=%s', OFFLINE => {
    expect(read({ OFFLINE })).toMatchObject({ outgoing: { offline: true }, ignored: [] })
  })

  test.each(['', 'off', '0', 'false', 'no'])('OFFLINE=%s is none', OFFLINE => {
    expect(read({ OFFLINE })).toMatchObject({ outgoing: { offline: false }, ignored: [] })
  })

  test('OFFLINE with something else is on, and says so', () => {
    const ignored = [{ variable: 'OFFLINE', given: 'perhaps', inForce: 'on' }]
    expect(read({ OFFLINE: 'perhaps' })).toMatchObject({ outgoing: { offline: true }, ignored })
  })

  test('proxies in capitals and in small letters, which go first', () => {
    const both = {
      HTTPS_PROXY: 'http://a',
      https_proxy: 'http://b',
      HTTP_PROXY: 'http://c',
      no_proxy: 'd',
      http_proxy: '',
    }
    expect(outgoing(both).proxies).toEqual({ https: 'http://b', http: 'http://c', none: 'd' })
  })

  test('LEDGER_DAYS', () => {
    expect(outgoing({ LEDGER_DAYS: '30' }).ledgerRetention).toBe(30 * day)
    expect(outgoing({ LEDGER_DAYS: '0' }).ledgerRetention).toBe(400 * day)
  })

  test('a proxy that cannot be read is an error without its password', () => {
    const open = () => openOutgoing(read({ HTTPS_PROXY: 'socks5://me:secret@proxy' }), silent)
    expect(open).toThrow(expect.objectContaining({ code: 'setting-invalid' }))
    expect(open).toThrow(expect.not.objectContaining({ message: expect.stringContaining('secret') }))
  })
})

test.each<[Record<string, string>, object[]]>([
  [{}, []],
  [{ DATABASE_URL: 'postgres://me:secret@db.example/x' }, [{ purpose: 'database', host: 'db.example', port: 5432 }]],
  [{ DATABASE_URL: 'postgres://[fd00::1]:6000/x' }, [{ purpose: 'database', host: 'fd00::1', port: 6000 }]],
  [
    { DATABASE_URL: 'postgres://pooler.example:6432/x', DATABASE_DIRECT_URL: 'postgres://db.example/x' },
    [
      { host: 'pooler.example', port: 6432 },
      { host: 'db.example', port: 5432 },
    ],
  ],
  [
    { DATABASE_URL: 'postgres://db.example/x', DATABASE_DIRECT_URL: 'postgres://db.example:5432/x' },
    [{ host: 'db.example', port: 5432 }],
  ],
  [{ DATABASE_URL: 'postgres:///x?host=/run/postgresql' }, []],
  [{ DATABASE_URL: 'postgres://%2Frun%2Fpostgresql/x' }, []],
  [{ DATABASE_URL: 'nonsense' }, []],
  [
    { BLOB_STORE: 's3', S3_BUCKET: 'b', S3_ENDPOINT: 'http://minio.example:9000' },
    [{ purpose: 'blob-store', host: 'minio.example', port: 9000 }],
  ],
  [{ BLOB_STORE: 's3', S3_BUCKET: 'b', S3_ENDPOINT: 'http://minio.example' }, [{ host: 'minio.example', port: 80 }]],
  [
    { BLOB_STORE: 's3', S3_BUCKET: 'b', S3_REGION: 'eu-central-1' },
    [{ purpose: 'blob-store', host: 'b.s3.eu-central-1.amazonaws.com', port: 443 }],
  ],
  [{ S3_ENDPOINT: 'http://minio.example' }, []],
])('what the ledger names of %o', (environment, expected) => {
  const found = connectionsOf(read(environment))
  expect(found).toMatchObject(expected)
  expect(found.length).toBe(expected.length)
  expect(JSON.stringify(found)).not.toContain('secret')
})
