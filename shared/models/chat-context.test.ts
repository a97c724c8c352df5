import { expect, it } from 'vitest'
import type { Described } from './catalog.ts'
import { createChatContext } from './chat-context.ts'
import { networkOfOffer, offerOf } from './known-models.ts'
import type { Granted } from './memory.ts'
import { memoryOf } from './memory-need.ts'
import type { Held } from './supervise.ts'

const network = networkOfOffer(offerOf('qwen3-0.6b')!)!
const need = (contextSize: number) => memoryOf(network, { role: 'chat', contextSize, contexts: 1 }).needed
const described = (key: string) => ({ key, description: { network, contextSize: 32_768 } }) as Described

function open(free: number) {
  const held: Held[] = []
  const used = new Set<string>()
  const asked: Granted[] = []
  const state = { free }
  const context = createChatContext({
    supervisor: { held: () => held, uses: key => used.has(key) },
    threads: 2,
    wished: 8192,
    async findFree(granted) {
      asked.push(granted)
      return state.free - granted.weights
    },
  })
  return { context, held, used, asked, state }
}

it('is what fits, and stays while the model is used', async () => {
  const { context, used, state } = open(need(4096))
  expect(await context.of(described('a'))).toBe(4096)
  used.add('a')
  state.free = need(8192)
  expect(await context.of(described('a'))).toBe(4096)
  used.delete('a')
  expect(await context.of(described('a'))).toBe(8192)
  state.free = 0
  expect(await context.of(described('b'))).toBe(2048)
})

it('counts what the model before it gives back, and what stays', async () => {
  const { context, held, asked } = open(need(4096))
  const file = (role: 'chat' | 'embedding') => ({ key: role, path: role, name: role, role, contextSize: 512 })
  held.push({ file: file('chat'), granted: { weights: 100, all: 175 } })
  held.push({ file: file('embedding'), granted: { weights: 30, all: 50 } })
  await context.of(described('a'))
  expect(asked).toEqual([{ weights: 30 - 75, all: 50 }])
})

it('does not decide twice for two who ask at once', async () => {
  const { context, used, state } = open(need(4096))
  const [first, second] = await Promise.all([
    context.of(described('a')).then(size => {
      used.add('a')
      state.free = need(8192)
      return size
    }),
    context.of(described('a')),
  ])
  expect([first, second]).toEqual([4096, 4096])
})
