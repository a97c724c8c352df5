import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { scriptedChat } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'
import { createTranslate } from '../shared/messages/index.ts'
import { currentOwner } from '../shared/queue/owner.ts'
import { openTestServer, token } from '../tests/http/open-server.ts'
import { silent } from '../tests/open-store.ts'
import type { Finding } from './commands/doctor.ts'
import { readConfig } from './config.ts'
import type { Context } from './context.ts'
import { examineModels } from './examine-models.ts'
import { createModelShelf } from './http/model-shelf.ts'

const gigabyte = 1024 ** 3

const announce = (data: string, address: string) =>
  writeFile(
    path.join(data, 'server.json'),
    JSON.stringify({ owner: currentOwner(), pid: process.pid, address, socket: null, token }),
  )

async function examine(data: string, signal: AbortSignal): Promise<Finding[]> {
  const config = readConfig({ data, environment: {} })
  const context = {
    translate: createTranslate('en'),
    config: () => config,
    signal,
    log: () => silent,
  } as Partial<Context>
  const findings: Finding[] = []
  for await (const finding of examineModels(context as Context)) findings.push(finding)
  return findings
}

async function putChat(data: string): Promise<string> {
  const folder = path.join(data, 'models')
  await mkdir(folder)
  const file = path.join(folder, 'chat.gguf')
  await writeGguf(file, scriptedChat('The notice period is three months [1].'))
  return file
}

/** A data directory in which a server is announced that says this of its catalog. */
async function standIn(catalog: (response: ServerResponse) => void): Promise<string> {
  const data = await mkdtemp(path.join(tmpdir(), 'cloister-examine-models-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const server = createServer(({ url }, response) => {
    if (url?.endsWith('/session')) response.end()
    else catalog(response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await announce(data, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return data
}

test('whoever leaves waits for no server that hangs', async () => {
  const control = new AbortController()
  const data = await standIn(() => control.abort())
  await expect(examine(data, control.signal)).rejects.toThrow()
})

test('of a running server of an earlier version it is not known what it has loaded', async () => {
  const machine = { memory: 40 * gigabyte, free: gigabyte, cores: 2 }
  const data = await standIn(response =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ machine, models: [] })),
  )
  await putChat(data)
  const findings = await examine(data, new AbortController().signal)
  expect(findings.find(({ name }) => name === 'model-chat')?.text).toMatch(/^chat\.gguf (?!is in)/)
})

test('a model that a running server has in memory works, and is not loaded a second time', async () => {
  const data = await mkdtemp(path.join(tmpdir(), 'cloister-examine-models-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const file = await putChat(data)
  const folder = path.dirname(file)
  const held = { key: 'a', path: file, name: 'chat', role: 'chat', contextSize: 4096 } as const
  const granted = { weights: 0, all: 40 * gigabyte }
  const models = await createModelShelf({ folder, named: {}, heldModels: () => [{ file: held, granted }] })
  const server = await openTestServer({ models })
  onTestFinished(() => server.stop())
  await announce(data, server.url)
  const findings = await examine(data, new AbortController().signal)
  expect(findings.find(({ name }) => name === 'model-chat')).toEqual({
    name: 'model-chat',
    state: 'ok',
    text: 'chat.gguf is in the memory of the running server (answers)',
  })
})
