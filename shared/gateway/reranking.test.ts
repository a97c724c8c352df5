import type { RerankingModelV4CallOptions } from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'
import { noModels } from '../../tests/open-core.ts'
import { silent } from '../../tests/open-store.ts'
import { until } from '../../tests/until.ts'
import type { RerankingModel } from '../model/index.ts'
import { createGateway } from './index.ts'
import { createPace, leastReranked } from './reranking.ts'

const pause = (time: number) => new Promise(resolve => setTimeout(resolve, time))

/** Takes so many milliseconds for a passage, whatever it is told. */
function slow(each: () => number) {
  const calls: RerankingModelV4CallOptions[] = []
  const model: RerankingModel = {
    name: 'slow',
    model: {
      specificationVersion: 'v4',
      provider: 'test',
      modelId: 'slow',
      async doRerank(options) {
        calls.push(options)
        const count = options.documents.values.length
        await pause(each() * count)
        return { ranking: Array.from({ length: count }, (_, index) => ({ index, relevanceScore: index / count })) }
      },
    },
  }
  return { model, calls }
}

const passages = Array.from({ length: 20 }, (_, at) => `passage ${at}`)

describe('reranking', () => {
  it('has no part until it was measured, behind everybody else, with none of the user’s words', async () => {
    const { model, calls } = slow(() => 1)
    const gateway = createGateway({
      models: { ...noModels, reranking: async () => model },
      log: silent,
      rerankBudget: 2000,
    })
    expect(await gateway.reranks()).toBe(false)
    await until(gateway.reranks)
    expect(calls.map(({ documents }) => documents.values.length)).toEqual([1, leastReranked])
    for (const { providerOptions, documents, query } of calls) {
      expect(providerOptions).toEqual({ cloister: { urgent: false } })
      expect(JSON.stringify([documents, query])).not.toContain('passage')
    }
    expect(await gateway.rerank('?', passages)).toHaveLength(20)
  })

  it('never delays a search beyond its budget, whatever the model does', async () => {
    let each = 1
    const { model } = slow(() => each)
    const gateway = createGateway({
      models: { ...noModels, reranking: async () => model },
      log: silent,
      rerankBudget: 400,
    })
    await gateway.reranks()
    await until(gateway.reranks)
    each = 20_000
    const began = performance.now()
    expect(await gateway.rerank('?', passages)).toBeUndefined()
    expect(performance.now() - began).toBeGreaterThan(350)
    // The deadline, and what a busy machine adds: the model itself takes 20 s for a passage.
    expect(performance.now() - began).toBeLessThan(10_000)
    // From then on it is left out, without being waited for.
    expect(await gateway.reranks()).toBe(false)
  })

  it('gets as many passages as it has time for, at least five or none', async () => {
    let time = 0
    let each = 20
    const { model, calls } = slow(() => 0)
    const timed: RerankingModel = {
      ...model,
      model: {
        ...model.model,
        async doRerank(options) {
          time += each * options.documents.values.length
          return model.model.doRerank(options)
        },
      },
    }
    const pace = createPace({ budget: 300, now: () => time })
    expect(pace.passages(timed)).toBe(0)
    await until(async () => pace.passages(timed) > 0)
    // 80 % of 300 ms, 20 ms each.
    expect(pace.passages(timed)).toBe(12)
    pace.took(timed, 12, 12 * 40, false)
    expect(pace.passages(timed)).toBe(9)
    for (let search = 0; search < 10; search++) pace.took(timed, 9, 9 * 100, false)
    expect(pace.passages(timed)).toBe(0)
    const before = calls.length
    await pause(5)
    expect(calls.length).toBe(before)
    // The machine may have been busy.
    time += 10 * 60_000
    each = 10
    expect(pace.passages(timed)).toBe(0)
    await until(async () => pace.passages(timed) === 24)
  })

  describe('whose real passages take longer than the text it is measured with', () => {
    /** Searches, and how many passages each of them judged; those below 0 were late. */
    async function searches(each: (passages: number) => number, count: number, every = 1_000): Promise<number[]> {
      let time = 0
      const { model } = slow(() => 0)
      const timed: RerankingModel = {
        ...model,
        model: {
          ...model.model,
          async doRerank(options) {
            time += 10 * options.documents.values.length
            return model.model.doRerank(options)
          },
        },
      }
      const budget = 300
      const pace = createPace({ budget, now: () => time })
      const judged: number[] = []
      while (judged.length < count) {
        let passages = pace.passages(timed)
        for (let wait = 0; passages === 0 && wait < 20; wait++) {
          await pause(0)
          passages = pace.passages(timed)
        }
        const took = passages * each(passages)
        time += Math.min(took, budget)
        if (passages > 0) pace.took(timed, passages, Math.min(took, budget), took > budget)
        // The gateway says so again when the model has stopped.
        if (took > budget) pace.took(timed, passages, Math.min(took, budget), true)
        judged.push(took > budget ? -passages : passages)
        time += every
      }
      return judged
    }

    it('gets fewer, until it is in time', async () => {
      expect(await searches(() => 30, 12)).toEqual([-24, -12, 6, 8, 8, 8, 8, 8, 8, 8, 8, 8])
    })

    it('gets all again where it was late once, as when it had to be loaded', async () => {
      let late = true
      const each = () => {
        const now = late ? 1_000 : 10
        late = false
        return now
      }
      expect(await searches(each, 4)).toEqual([-24, 12, 24, 24])
    })

    it('is late once in a while where not even the fewest are in time', async () => {
      const judged = await searches(() => 100, 45, 30_000)
      expect(judged.slice(0, 5)).toEqual([-24, -12, -6, -5, 0])
      // Tried again after ten minutes, and after twenty.
      expect(judged.slice(5).filter(passages => passages < 0)).toEqual([-5, -5])
    })
  })

  it('is not there for a budget of nothing, and judges all where there is much time', async () => {
    const { model, calls } = slow(() => 0)
    const open = (rerankBudget: number) =>
      createGateway({ models: { ...noModels, reranking: async () => model }, log: silent, rerankBudget })
    expect(await open(0).reranks()).toBe(false)
    expect(calls).toHaveLength(0)
    const patient = open(60_000)
    expect(await patient.reranks()).toBe(true)
    expect(await patient.rerank('?', passages)).toHaveLength(20)
    expect(calls).toHaveLength(1)
  })

  it('is left alone when it cannot be measured', async () => {
    let calls = 0
    const broken: RerankingModel = {
      name: 'broken',
      model: {
        specificationVersion: 'v4',
        provider: 'test',
        modelId: 'broken',
        doRerank: () => {
          calls += 1
          return Promise.reject(new Error('no'))
        },
      },
    }
    const gateway = createGateway({ models: { ...noModels, reranking: async () => broken }, log: silent })
    for (let search = 0; search < 5; search++) {
      expect(await gateway.reranks()).toBe(false)
      await pause(1)
    }
    expect(calls).toBe(1)
  })
})
