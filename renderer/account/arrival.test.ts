import { expect, test } from 'vitest'
import { arrivalOf, takeArrival, takeGitHubRefusal } from './arrival.ts'

test.each([
  ['#token=the-key', { kind: 'token', token: 'the-key' }],
  ['#setup=abc_-9', { kind: 'setup', token: 'abc_-9' }],
  ['#invitation=abc', { kind: 'invitation', token: 'abc' }],
  ['#verify=abc', { kind: 'verify', token: 'abc' }],
  ['#reset=abc', { kind: 'reset', token: 'abc' }],
  // A mail program may break a line in it.
  ['#login=abc%0A', { kind: 'login', token: 'abc' }],
  ['#login=', { kind: 'login', token: '' }],
])('%s opens a door', (hash, arrival) => {
  expect(arrivalOf(hash)).toEqual(arrival)
})

test.each(['', '#', '#/', '#/chat/1?read=2', '#/search?q=a&token=b', '#/settings?login=x', '#other=1'])(
  '%j opens none',
  hash => {
    expect(arrivalOf(hash)).toBeNull()
  },
)

function windowAt(address: string) {
  const replaced: string[] = []
  const { pathname, hash, search } = new URL(address)
  const location = { pathname, hash, search } as Location
  const history = { replaceState: (_: unknown, __: string, to: string) => replaced.push(to) } as unknown as History
  return { location, history, replaced }
}

test('what opens a door leaves the address', () => {
  const window = windowAt('https://cloister.example/#reset=secret')
  expect(takeArrival(window)).toEqual({ kind: 'reset', token: 'secret' })
  expect(window.replaced).toEqual(['/#/'])
  const other = windowAt('https://cloister.example/#/library')
  expect(takeArrival(other)).toBeNull()
  expect(other.replaced).toEqual([])
})

test('what GitHub says leaves the address, and the view stays', () => {
  const window = windowAt('https://cloister.example/?error=access_denied#/settings')
  expect(takeGitHubRefusal(window)).toBe('access_denied')
  expect(window.replaced).toEqual(['/#/settings'])
  expect(takeGitHubRefusal(windowAt('https://cloister.example/#/settings'))).toBeNull()
})
