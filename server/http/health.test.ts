import { expect, it } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { Project } from '../../shared/model/index.ts'
import { createHealthCheck } from './health.ts'

function check(list: () => Promise<Project[]>) {
  return createHealthCheck(list)
}

it('says what the database says, and asks it once for all who ask at the same time', async () => {
  let asked = 0
  let trouble: AppError | undefined = new AppError('database-unreachable')
  const look = check(async () => {
    asked += 1
    if (trouble) throw trouble
    return []
  })
  const found = await Promise.all([look(), look(), look()])
  expect(found.map(error => error?.code)).toEqual(Array(3).fill('database-unreachable'))
  expect(asked).toBe(1)
  trouble = undefined
  await expect.poll(look).toBeUndefined()
})

it('does not wait for a database that does not answer, nor asks it again meanwhile', async () => {
  let asked = 0
  const look = check(async () => {
    asked += 1
    return new Promise(() => {})
  })
  const began = performance.now()
  expect((await look())?.code).toBe('database-busy')
  expect((await look())?.code).toBe('database-busy')
  expect(performance.now() - began).toBeLessThan(8000)
  expect(asked).toBe(1)
})
