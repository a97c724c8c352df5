/** What every carrier of events keeps. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AppEvent, Events } from '../ports.ts'

export interface EventsHarness {
  /** Two processes of one installation; the same one twice, where there is only one. */
  open(): Promise<{ here: Events; there: Events; close(): Promise<void> }>
}

export const document = (documentId: string): AppEvent => ({ type: 'document', projectId: 'p', documentId })
export const chat = (chatId: string): AppEvent => ({ type: 'chat', userId: 'u', projectId: 'p', chatId })

/** What a subscriber has heard so far. */
export function listen(events: Events, signal: AbortSignal): AppEvent[] {
  const heard: AppEvent[] = []
  const heardOf = events.subscribe(signal)
  void (async () => {
    for await (const event of heardOf) heard.push(event)
  })()
  return heard
}

export function eventsContract(name: string, { open }: EventsHarness): void {
  describe(`events contract: ${name}`, () => {
    let here: Events
    let there: Events
    let close: () => Promise<void>
    let control: AbortController
    beforeEach(async () => {
      control = new AbortController()
      ;({ here, there, close } = await open())
    })
    afterEach(async () => {
      control.abort()
      await close()
    })

    it('tells every subscriber of every process, once', async () => {
      const heard = [here, here, there].map(events => listen(events, control.signal))
      const all: AppEvent[] = [
        document('a'),
        chat('c'),
        { type: 'assistants', projectId: 'p' },
        { type: 'projects', userId: 'u' },
        { type: 'members', projectId: 'p' },
        { type: 'purged', projectId: 'p' },
        { type: 'access', userId: 'u' },
        { type: 'settings', userId: 'u' },
        { type: 'answer', answerId: 'a', about: 'more' },
        { type: 'answer', answerId: 'a', about: 'stop' },
      ]
      for (const event of all) here.publish(event)
      for (const each of heard) await expect.poll(() => each).toEqual(all)
      // What comes back from elsewhere has had the time to.
      there.publish(document('last'))
      for (const each of heard) await expect.poll(() => each.at(-1)).toEqual(document('last'))
      for (const each of heard) expect(each).toHaveLength(all.length + 1)
    })

    it('tells what comes from the subscription on, until the signal', async () => {
      here.publish(document('before'))
      const heard = listen(here, control.signal)
      const other = new AbortController()
      const leaving = listen(here, other.signal)
      here.publish(document('a'))
      await expect.poll(() => leaving).toEqual([document('a')])
      other.abort()
      here.publish(document('b'))
      await expect.poll(() => heard).toEqual([document('a'), document('b')])
      expect(leaving).toEqual([document('a')])
      for await (const _ of here.subscribe(AbortSignal.abort())) expect.fail('there is nothing to hear')
    })

    it('keeps the order of what comes', async () => {
      const heard = listen(there, control.signal)
      const ids = Array.from({ length: 500 }, (_, at) => `document ${at}`)
      for (const id of ids) here.publish(document(id))
      await expect.poll(() => heard.length).toBe(ids.length)
      expect(heard).toEqual(ids.map(document))
    })

    it('gives a slow reader the latest of each thing once', async () => {
      const reader = there.subscribe(control.signal)[Symbol.asyncIterator]()
      const witness = listen(there, control.signal)
      for (let count = 0; count < 1000; count++) here.publish(document(count % 2 === 0 ? 'a' : 'b'))
      here.publish(chat('c'))
      await expect.poll(() => witness.at(-1)).toEqual(chat('c'))
      const heard = []
      for (let count = 0; count < 3; count++) heard.push((await reader.next()).value)
      expect(heard).toEqual([document('a'), document('b'), chat('c')])
      const end = reader.next()
      control.abort()
      expect((await end).done).toBe(true)
    })

    it('tells a reader that is far behind to look at everything', async () => {
      const reader = here.subscribe(control.signal)[Symbol.asyncIterator]()
      for (let count = 0; count < 10_001; count++) here.publish(document(String(count)))
      here.publish(document('latest'))
      expect((await reader.next()).value).toEqual({ type: 'missed' })
      expect((await reader.next()).value).toEqual(document('latest'))
    })
  })
}
