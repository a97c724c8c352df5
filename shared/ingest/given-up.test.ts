import { expect, it } from 'vitest'
import { createGivenUp } from './given-up.ts'

it('asks for the documents of all jobs at once', async () => {
  const job = (id: string, documentId?: string) => ({
    ...{ id, kind: 'parse', key: id, error: 'broke', diedAt: 1 },
    payload: documentId === undefined ? {} : { documentId },
  })
  const asked: (readonly string[])[] = []
  const of = (id: string, userId: string) =>
    [id, { document: { id, name: `${id}.pdf` }, scope: { userId, projectId: 'p' } }] as const
  const documents = {
    async findAll(ids: readonly string[]) {
      asked.push(ids)
      return new Map([of('a', 'eva'), of('b', 'uwe')])
    },
  }
  const dead = [job('1', 'a'), job('2', 'b'), job('3', 'a'), job('4'), job('5', 'gone')]
  const givenUp = createGivenUp({
    store: { documents } as never,
    queue: { dead: async () => dead } as never,
    documents: { retry: () => Promise.reject(new Error('not asked')) },
    wake: () => {},
  })
  const idsOf = async (which?: 'own' | 'all') => (await givenUp.list('eva', which)).map(({ id }) => id)
  expect(await idsOf('own')).toEqual(['1', '3'])
  expect(await idsOf()).toEqual(['1', '3', '4'])
  expect(await idsOf('all')).toEqual(['1', '2', '3', '4', '5'])
  expect(asked).toEqual([
    ['a', 'b', 'gone'],
    ['a', 'b', 'gone'],
    ['a', 'b', 'gone'],
  ])
})
