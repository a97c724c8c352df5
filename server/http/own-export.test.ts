import { once } from 'node:events'
import { createServer, get, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Request, Response } from 'express'
import { expect, onTestFinished, test } from 'vitest'
import type { Core } from '../../shared/core.ts'
import type { Log } from '../../shared/ports.ts'
import { createOwnExport } from './own-export.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

test.each([
  ['was answered', (response: ServerResponse) => void response.end('no more')],
  ['went away', (response: ServerResponse) => void response.destroy()],
])('nothing is read for who %s before the archive begins', async (_, end) => {
  let read = false
  let response: ServerResponse | undefined
  const core = {
    audit: {
      async note() {
        if (!response) throw new Error('nobody asked')
        end(response)
        await once(response, 'close')
      },
    },
    projects: {
      async list() {
        read = true
        return []
      },
    },
  } as unknown as Core
  const answer = createOwnExport({ core, log: silent, version: '0', stopping: new AbortController().signal })
  const answered = Promise.withResolvers<unknown>()
  const server = createServer((req, res) => {
    response = res
    const locals = { who: { userId: 'u', role: 'member', via: 'session' } }
    void Promise.resolve(answer(req as Request, Object.assign(res, { locals }) as Response, () => {})).then(
      answered.resolve,
      answered.reject,
    )
  })
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  get({ port: (server.address() as AddressInfo).port }, body => body.resume().on('error', () => {})).on(
    'error',
    () => {},
  )
  await answered.promise
  await new Promise(setImmediate)
  expect(read).toBe(false)
})
