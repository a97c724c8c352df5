import { expect, it } from 'vitest'
import { createGate } from './gate.ts'

it('lets one in after the other, in the order of their coming, and tells each how many come before', async () => {
  const gate = createGate()
  const inside: string[] = []
  const places: Record<string, number[]> = { b: [], c: [], d: [] }
  const control = new AbortController()
  const leaveA = await gate.enter('chat')
  const enter = async (name: string, signal?: AbortSignal) => {
    const leave = await gate.enter('chat', { waiting: place => places[name].push(place), ...(signal && { signal }) })
    inside.push(name)
    return leave
  }
  const [b, c, d] = [enter('b'), enter('c', control.signal), enter('d')]
  expect(places).toEqual({ b: [1], c: [2], d: [3] })
  control.abort()
  await expect(c).rejects.toMatchObject({ code: 'cancelled' })
  expect(places.d).toEqual([3, 2])
  leaveA()
  leaveA()
  const leaveB = await b
  expect(inside).toEqual(['b'])
  expect(places).toEqual({ b: [1, 0], c: [2], d: [3, 2, 1] })
  leaveB()
  await d
  expect(places.d).toEqual([3, 2, 1, 0])
  expect(inside).toEqual(['b', 'd'])
})

it('keeps nobody waiting for another chat, nor whoever is stopped already', async () => {
  const gate = createGate()
  await gate.enter('one')
  const places: number[] = []
  await gate.enter('other', { waiting: place => places.push(place) })
  expect(places).toEqual([])
  await expect(gate.enter('one', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
})
