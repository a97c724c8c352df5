import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
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

test('a model that a running server has in memory works, and is not loaded a second time', async () => {
  const data = await mkdtemp(path.join(tmpdir(), 'cloister-examine-models-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const folder = path.join(data, 'models')
  await mkdir(folder)
  const file = path.join(folder, 'chat.gguf')
  await writeGguf(file, scriptedChat('The notice period is three months [1].'))
  const held = { key: 'a', path: file, name: 'chat', role: 'chat', contextSize: 4096 } as const
  const granted = { weights: 0, all: 40 * gigabyte }
  const models = await createModelShelf({ folder, named: {}, heldModels: () => [{ file: held, granted }] })
  const server = await openTestServer({ models })
  onTestFinished(() => server.stop())
  const known = { owner: currentOwner(), pid: process.pid, address: server.url, socket: null, token }
  await writeFile(path.join(data, 'server.json'), JSON.stringify(known))

  const config = readConfig({ data, environment: {} })
  const { signal } = new AbortController()
  const context = {
    translate: createTranslate('en'),
    config: () => config,
    signal,
    log: () => silent,
  } as Partial<Context>
  const findings: Finding[] = []
  for await (const finding of examineModels(context as Context)) findings.push(finding)
  expect(findings.find(({ name }) => name === 'model-chat')).toEqual({
    name: 'model-chat',
    state: 'ok',
    text: 'chat.gguf is in the memory of the running server (answers)',
  })
})
