import { type FakeReply, openFakeServer } from '../../tests/fake-server.ts'
import { breaking, calls, contract, endless, says, thinks } from '../models/contract.ts'
import { createServers } from './servers.ts'

contract('a model of a server that speaks as OpenAI does', async () => {
  const fake = await openFakeServer()
  fake.reply = ({ body }): FakeReply => {
    const asked = JSON.stringify(body.messages)
    const has = (word: string) => asked.includes(word)
    if (has('TOOLONG')) {
      const message = "This model's maximum context length is 4096 tokens. However, you requested more."
      return { status: 400, body: { error: { message, code: 'context_length_exceeded' } } }
    }
    for (const [word, text] of Object.entries(says)) if (has(word)) return { pieces: text.match(/\s*\S+/g) ?? [] }
    if (has(thinks.word)) return { thinks: thinks.thought, pieces: [thinks.answer] }
    if (has(endless.word)) return { pieces: Array.from({ length: 2_000 }, () => `${endless.text} `), pace: 10 }
    if (has(breaking.word))
      return { pieces: breaking.text.split(/(?= )/), pace: 10, after: { pieces: 2, how: 'break' } }
    if (has(calls.word)) return { call: { name: 'weather', arguments: calls.input } }
    return { pieces: ['?'] }
  }
  const at = { kind: 'openai-compatible' as const, name: 'Haus', baseUrl: fake.url, key: 'sk-1', fetch }
  return {
    model: createServers().chat(at, 'tiny'),
    broken: ['provider-broken'],
    close: () => fake.close(),
  }
})
