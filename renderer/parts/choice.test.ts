import { describe, expect, it } from 'vitest'
import { createChoice, createChoices, type Way } from './choice.ts'

interface Thing {
  role: string
  local: boolean
}

/** A server that answers when it is told to. `kept` is what is read from it. */
function open() {
  const kept: Thing = { role: 'reader', local: false }
  const asked: { changes: Partial<Thing>; answer(): Promise<void>; refuse(): Promise<void> }[] = []
  const refused: unknown[] = []
  const choice = createChoice<Thing>()
  const way: Way<Thing> = {
    send: changes =>
      new Promise((resolve, reject) => {
        asked.push({
          changes,
          async answer() {
            Object.assign(kept, changes)
            resolve()
            await settled()
          },
          async refuse() {
            reject(new Error('no'))
            await settled()
          },
        })
      }),
    refused: error => refused.push(error),
  }
  return {
    asked,
    refused,
    kept,
    sent: choice.sent,
    shown: () => ({ ...kept, ...choice.pending.get() }),
    async choose(changes: Partial<Thing>) {
      choice.choose(changes, way)
      expect(this.shown(), 'at once').toMatchObject(changes)
      await settled()
    },
  }
}

const settled = () => new Promise(resolve => setTimeout(resolve, 0))

describe('what was chosen', () => {
  it('is shown at once, and as it is kept once the server has answered', async () => {
    const thing = open()
    await thing.choose({ role: 'editor' })
    expect(thing.kept.role).toBe('reader')
    await thing.asked[0]?.answer()
    expect(thing.shown()).toEqual({ role: 'editor', local: false })
    // From now on what is kept is what is shown.
    thing.kept.role = 'owner'
    expect(thing.shown().role).toBe('owner')
  })

  it('is never taken over by the answer to an older choice, and is sent after it', async () => {
    const thing = open()
    await thing.choose({ role: 'editor' })
    await thing.choose({ role: 'reader' })
    expect(thing.asked.map(({ changes }) => changes)).toEqual([{ role: 'editor' }])
    await thing.asked[0]?.answer()
    expect(thing.kept.role).toBe('editor')
    expect(thing.shown().role).toBe('reader')
    await thing.asked[1]?.answer()
    expect(thing.asked).toHaveLength(2)
    expect(thing.kept.role).toBe('reader')
    expect(thing.shown().role).toBe('reader')
  })

  it('is sent as the last of what was chosen meanwhile, each part of it', async () => {
    const thing = open()
    for (const role of ['editor', 'reader', 'owner', 'editor']) await thing.choose({ role })
    await thing.choose({ local: true })
    await thing.asked[0]?.answer()
    await thing.asked[1]?.answer()
    expect(thing.asked.map(({ changes }) => changes)).toEqual([{ role: 'editor' }, { role: 'editor', local: true }])
    expect(thing.shown()).toEqual({ role: 'editor', local: true })
  })

  it('goes back, and says why, where the server refuses it', async () => {
    const thing = open()
    await thing.choose({ role: 'editor' })
    await thing.asked[0]?.refuse()
    expect(thing.shown().role).toBe('reader')
    expect(thing.refused).toHaveLength(1)
    await thing.choose({ role: 'editor' })
    await thing.asked[1]?.answer()
    expect(thing.shown().role).toBe('editor')
  })

  it('stays where what was refused is not it', async () => {
    const thing = open()
    await thing.choose({ role: 'editor' })
    await thing.choose({ role: 'owner' })
    await thing.choose({ local: true })
    await thing.asked[0]?.refuse()
    expect(thing.refused).toEqual([])
    expect(thing.shown()).toEqual({ role: 'owner', local: true })
    await thing.asked[1]?.answer()
    expect(thing.kept).toEqual({ role: 'owner', local: true })
  })

  it('is waited for by who must not go before it, who hears of a refusal too', async () => {
    const thing = open()
    const heard: string[] = []
    await thing.sent()
    await thing.choose({ role: 'editor' })
    void thing.sent().then(() => heard.push('sent'))
    await thing.choose({ role: 'reader' })
    await thing.asked[0]?.answer()
    expect(heard).toEqual([])
    await thing.asked[1]?.answer()
    expect(heard).toEqual(['sent'])
    await thing.choose({ role: 'owner' })
    void thing.sent().catch(({ message }: Error) => heard.push(message))
    await thing.asked[2]?.refuse()
    expect(heard).toEqual(['sent', 'no'])
    await thing.sent()
  })

  it('is the same for whoever comes back to it, and another of another thing', () => {
    const choices = createChoices()
    const never = { send: () => new Promise<void>(() => {}), refused: () => {} }
    choices.of<Thing>('one').choose({ role: 'editor' }, never)
    expect(choices.of<Thing>('one').pending.get()).toEqual({ role: 'editor' })
    expect(choices.of<Thing>('two').pending.get()).toEqual({})
  })
})
