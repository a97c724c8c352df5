import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { scriptedChat } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import type { ChildProcess, Log } from '../ports.ts'
import { createForkedProcesses } from '../processes/fork.ts'
import { breaking, calls, contract, endless, says, thinks } from './contract.ts'
import { createModels, modelEntry } from './models.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }

contract('a model of ours', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-contract-'))
  const call = `<tool_call>\n{"name": "weather", "arguments": ${calls.input}}\n</tool_call>`
  const scripts = [
    // The earliest whose word is there wins.
    ...Object.entries(says).map(([when, answer]) => ({ when, answer })),
    { when: thinks.word, answer: `<think>\n${thinks.thought}\n</think>\n\n${thinks.answer}` },
    { when: endless.word, answer: endless.text, endless: true },
    { when: breaking.word, answer: breaking.text, endless: true },
    { when: calls.word, answer: call },
    { answer: '' },
  ]
  await writeGguf(path.join(folder, 'chat.gguf'), scriptedChat(scripts))
  const children: ChildProcess[] = []
  const forked = createForkedProcesses({ entries: { model: modelEntry }, log })
  const models = createModels({
    settings: { folder, contextSize: 8192, maxTokens: 6000, temperature: 0, threads: 1 },
    processes: {
      spawn(role) {
        const child = forked.spawn(role)
        children.push(child)
        return child
      },
    },
    log,
  })
  const { model } = (await models.chat())!
  // The first answer loads it.
  await model.doGenerate({ prompt: [{ role: 'user', content: [{ type: 'text', text: '?' }] }] })
  return {
    model,
    breakOff: () => children.at(-1)?.kill(),
    broken: ['model-crashed'],
    async close() {
      await models.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
})
