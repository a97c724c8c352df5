import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Session } from '../../shared/api/index.ts'
import { createUploads, type Uploads } from './uploads.ts'

/** Of what a browser has, as much as a file that is sent needs: here nobody answers until it is said. */
class Request {
  readonly upload = {}
  status = 0
  responseText = ''
  onload = () => {}
  onabort = () => {}
  open() {}
  setRequestHeader() {}
  send() {
    sent.push(this)
  }
  // Tells of it later, as a browser does.
  abort() {
    queueMicrotask(() => this.onabort())
  }
  answer(status: number, body: object) {
    this.status = status
    this.responseText = JSON.stringify(body)
    this.onload()
  }
}

let sent: Request[]
let left: string[]
let uploads: Uploads
beforeEach(() => {
  sent = []
  left = []
  vi.stubGlobal('XMLHttpRequest', Request)
  const transfer = { name: 'page/0', end() {}, breakOff() {} }
  uploads = createUploads({
    session: () => ({ maxFileSize: 100, extensions: ['txt'] }) as Session,
    language: () => 'de',
    desktop: {
      bridge: { leaveHanded: async ({ all }: { all: boolean }) => void left.push(`all: ${all}`) } as never,
      transfers: { begin: () => transfer } as never,
      leaveHanded: () => void left.push('everything'),
    },
    arrived() {},
    refused() {},
  })
})
afterEach(() => vi.unstubAllGlobals())

const add = (...names: string[]) =>
  uploads.add(
    'p',
    names.map(name => ({ name, file: { handed: name, size: 4 } })),
  )
const states = () => uploads.list.get().map(({ name, state }) => `${name} ${state}`)

describe('files on their way', () => {
  it('are stopped, those that are being sent too, and refused are none of them', async () => {
    add('a.txt', 'b.txt', 'c.txt')
    await vi.waitFor(() => expect(sent).toHaveLength(2))
    uploads.stop()
    await new Promise(resolve => setTimeout(resolve))
    expect(states()).toEqual(['a.txt stopped', 'b.txt stopped', 'c.txt stopped'])
    expect([sent.length, left]).toEqual([2, ['everything']])
    // What comes after it goes as ever.
    add('d.txt')
    await vi.waitFor(() => expect(sent).toHaveLength(3))
    sent[2]?.answer(200, { results: [{ added: true }] })
    await vi.waitFor(() => expect(states().at(-1)).toBe('d.txt added'))
  })

  it('are forgotten once they are over, and what main still finds is not', async () => {
    add('a.txt')
    await vi.waitFor(() => expect(sent).toHaveLength(1))
    uploads.clear()
    expect([states(), left]).toEqual([['a.txt sending'], []])
    sent[0]?.answer(415, { code: 'unsupported-type', status: 415, values: {}, detail: 'Nein', title: '', type: '' })
    await vi.waitFor(() => expect(states()).toEqual(['a.txt refused']))
    uploads.clear()
    expect([states(), left]).toEqual([[], ['all: false']])
  })
})
