import { describe, expect, it } from 'vitest'
import { createSearchTurns, createTurns } from './turns.ts'

const settle = () => new Promise(resolve => setImmediate(resolve))

describe('turns', () => {
  it('go one after the other, and say the place', async () => {
    const turns = createTurns()
    const places: number[] = []
    const first = await turns.take('anna')
    const second = turns.take('ben', { waiting: place => places.push(place) })
    const third = turns.take('carl')
    expect(places).toEqual([1])
    first()
    const end = await second
    expect(places).toEqual([1, 0])
    end()
    end()
    ;(await third)()
    ;(await turns.take('anna'))()
  })

  it('serve whoever was served longest ago, so that many questions of one do not make another wait for all', async () => {
    const turns = createTurns()
    const served: string[] = []
    const running = await turns.take('anna')
    const ask = (who: string, places?: number[]) =>
      turns
        .take(who, places && { waiting: place => places.push(place) })
        .then(end => {
          served.push(who)
          return end
        })
        .then(async end => {
          await settle()
          end()
        })
    const places: number[] = []
    const all = [ask('anna'), ask('anna'), ask('anna'), ask('ben', places), ask('carl')]
    expect(places).toEqual([1])
    running()
    await Promise.all(all)
    expect(served).toEqual(['ben', 'carl', 'anna', 'anna', 'anna'])
  })

  it('starve nobody: who comes again and again waits for the one who waits', async () => {
    const turns = createTurns()
    const ends: (() => void)[] = [await turns.take('anna')]
    const served: string[] = []
    const ask = (who: string) =>
      turns.take(who).then(end => {
        served.push(who)
        ends.push(end)
      })
    void ask('anna')
    void ask('ben')
    for (let round = 0; round < 4; round++) {
      ends.shift()?.()
      await settle()
      if (round < 2) void ask('ben')
    }
    expect(served.indexOf('anna')).toBeLessThan(2)
    expect(served).toHaveLength(4)
  })

  it('pass over whoever leaves, and those behind move up', async () => {
    const turns = createTurns()
    const end = await turns.take('anna')
    const control = new AbortController()
    const left = turns.take('anna', { signal: control.signal })
    const places: number[] = []
    const stays = turns.take('anna', { waiting: place => places.push(place) })
    control.abort()
    await expect(left).rejects.toMatchObject({ code: 'cancelled' })
    expect(places).toEqual([2, 1])
    end()
    ;(await stays)()
    await expect(turns.take('anna', { signal: control.signal })).rejects.toMatchObject({ code: 'cancelled' })
  })
})

describe('turns of searches', () => {
  it('let a few at once, users in turn, and go on when one fails or leaves', async () => {
    const inTurn = createSearchTurns(2)
    const ends: ((fails?: boolean) => void)[] = []
    const begun: string[] = []
    const look = (who: string, signal?: AbortSignal) =>
      inTurn(
        { userId: who },
        () => {
          begun.push(who)
          return new Promise<void>((resolve, reject) =>
            ends.push((fails = false) => (fails ? reject(new Error('failed')) : resolve())),
          )
        },
        signal,
      )
    const control = new AbortController()
    const anna = [look('anna'), look('anna'), look('anna', control.signal), look('anna')]
    const ben = look('ben')
    await settle()
    expect(begun).toEqual(['anna', 'anna'])
    control.abort()
    await expect(anna[2]).rejects.toMatchObject({ code: 'cancelled' })
    const failed = expect(anna[0]).rejects.toThrow('failed')
    ends.shift()?.(true)
    await failed
    await settle()
    expect(begun).toEqual(['anna', 'anna', 'ben'])
    for (const end of ends.splice(0)) end()
    await Promise.all([anna[1], ben])
    await settle()
    expect(begun).toEqual(['anna', 'anna', 'ben', 'anna'])
    for (const end of ends.splice(0)) end()
    await anna[3]
  })
})
