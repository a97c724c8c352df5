import { describe, expect, it } from 'vitest'
import { exceptions, findNetworkAccess } from './network-access.ts'
import { readSources } from './sources.ts'

describe('the network', () => {
  it('is reached through the gate alone, but for what is named with its reason', async () => {
    const files = await readSources()
    expect(files.size).toBeGreaterThan(50)
    expect(findNetworkAccess(files)).toEqual([])
    for (const { where, why } of exceptions) {
      expect(
        [...files.keys()].some(file => file.startsWith(where)),
        `${where} is there`,
      ).toBe(true)
      expect(why).not.toBe('')
    }
  })

  const found = (text: string, file = 'shared/ingest/a.ts') => findNetworkAccess(new Map([[file, text]])).length

  it.each([
    `await fetch('https://example.org')`,
    `const get = fetch`,
    `const deps = { fetch }`,
    `run({ fetch: fetch })`,
    `globalThis.fetch('x')`,
    `const { a = fetch } = b`,
    `function get(a = fetch) {}`,
    `new WebSocket('wss://example.org')`,
    `new EventSource('https://example.org')`,
    `new XMLHttpRequest()`,
    `navigator.sendBeacon('https://example.org')`,
    `import { request } from 'node:https'`,
    `import http from 'http'`,
    `import * as net from 'node:net'`,
    `import { isIP, connect } from 'node:net'`,
    `import 'undici'`,
    `import { Agent } from 'undici'`,
    `import { resolve } from 'node:dns/promises'`,
    `import dgram from 'node:dgram'`,
    `import pg from 'pg'`,
    `import { S3Client } from '@aws-sdk/client-s3'`,
    `export { request } from 'node:http'`,
    `const http = await import('node:http')`,
    `const http = require('node:http')`,
    `const undici = createRequire(import.meta.url)('undici')`,
    `const { request } = process.getBuiltinModule('node:http')`,
    `import { createAnthropic } from '@ai-sdk/anthropic'\ncreateAnthropic({ apiKey })`,
    `import { createXai } from '@ai-sdk/xai'\ncreateXai()`,
  ])('sees %s', text => expect(found(text)).toBeGreaterThan(0))

  it.each([
    `function get(fetch: typeof globalThis.fetch) { return fetch('https://example.org') }`,
    `const create = ({ fetch }: Deps) => fetch('x')`,
    `const fetch = egress.fetch(request)\nawait fetch('x')`,
    `async function fetch(hash: string) {}\nawait fetch('x')`,
    `await egress.fetch(request)('x')`,
    `interface Egress { fetch(request: string): typeof fetch }`,
    `let get: typeof fetch`,
    `import type { Socket } from 'node:net'`,
    `import { type AddressInfo } from 'node:net'`,
    `import { isIP } from 'node:net'`,
    `const text = 'fetch(x)' // fetch('https://example.org')`,
    `import { createAnthropic } from '@ai-sdk/anthropic'\ncreateAnthropic({ apiKey, fetch: deps.fetch })`,
    `import type { LanguageModelV4 } from '@ai-sdk/provider'`,
  ])('lets through %s', text => expect(found(text)).toBe(0))

  it('lets each exception do its own', () => {
    expect(found(`import { connect } from 'node:net'`, 'shared/processes/is-answered.ts')).toBe(0)
    expect(found(`import { connect } from 'node:tls'`, 'shared/processes/is-answered.ts')).toBe(1)
    expect(found(`await fetch('x')`, 'renderer/a.tsx')).toBe(0)
    expect(found(`new WebSocket('x')`, 'renderer/a.tsx')).toBe(1)
    expect(found(`await fetch('x')`, 'shared/egress/a.ts')).toBe(0)
    expect(found(`await fetch('x')`, 'shared/egress/a.test.ts')).toBe(0)
  })

  it('says where and what', () => {
    expect(findNetworkAccess(new Map([['server/a.ts', `const a = 1\nawait fetch('x')`]]))).toEqual([
      'server/a.ts:2 reaches the network by fetch: take a `fetch` that leads through the gate',
    ])
  })
})
