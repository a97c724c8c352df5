import { expect, test } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import { readConfig } from './config.ts'
import { examineEdge } from './examine-edge.ts'

const server = {
  MODE: 'server',
  PUBLIC_URL: 'https://cloister.example.org',
  AUTH_SECRET: 'k3W9vQ0pZx7Lr2Ts8Yb4Nd6Fh1Jm5Gc-',
}
const examine = (environment: Record<string, string>, language: 'de' | 'en' = 'en') => {
  const config = readConfig({ environment })
  return [...examineEdge({ translate: createTranslate(language), config: () => config })]
}

test('one person’s library is behind no proxy', () => {
  expect(examine({})).toEqual([])
})

test('says that nobody has counted the proxies, in both languages', () => {
  expect(examine(server)).toMatchObject([{ state: 'bad', text: expect.stringContaining('TRUST_PROXY must say') }])
  expect(examine(server, 'de')).toMatchObject([{ state: 'bad', text: expect.stringContaining('TRUST_PROXY muss') }])
  // What is no number says nothing.
  expect(examine({ ...server, TRUST_PROXY: 'yes' })).toMatchObject([{ state: 'bad' }])
})

test('says how many there are', () => {
  const textFor = (TRUST_PROXY: string) => examine({ ...server, TRUST_PROXY })
  expect(textFor('0')).toEqual([
    { name: 'server', state: 'ok', text: expect.stringContaining('no proxy is believed (TRUST_PROXY=0)') },
  ])
  expect(textFor('1')).toMatchObject([{ state: 'ok', text: expect.stringContaining('through one proxy') }])
  expect(textFor('2')).toMatchObject([{ state: 'ok', text: expect.stringContaining('through 2 proxies') }])
})

test('says all else that a server would not start with', () => {
  const texts = examine({ MODE: 'server', CORS_ORIGINS: '*' }).map(({ text }) => text)
  expect(texts).toEqual([expect.stringContaining('PUBLIC_URL'), expect.stringContaining('CORS_ORIGINS')])
})
