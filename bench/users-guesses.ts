/** Somebody who tries passwords for one account from many places, and its owner, who has the right one. */
import { atLeast, atMost, type Figure, median, told } from './figure.ts'
import type { Surroundings } from './users.ts'
import { password } from './users-library.ts'
import { logInRequest } from './users-requests.ts'

/** Tries that are under way at any time, and from each place. */
const atOnce = 20
const perAddress = 4
/** Seconds in which the owner is in, while they go on. */
const target = 10

export async function guessFigures({ requests, accounts, note }: Surroundings, guesses: number): Promise<Figure[]> {
  const victim = accounts[accounts.length - 1]
  const { email } = victim
  const outcomes = new Map<string, number>()
  let next = 0
  const guess = async () => {
    for (let at = next++; at < guesses; at = next++) {
      const place = Math.floor(at / perAddress)
      // Of the network for benches (RFC 2544), and none of a user.
      const address = `198.19.${Math.floor(place / 250)}.${(place % 250) + 1}`
      const { status, body } = await requests.send({
        ...logInRequest,
        address,
        body: { email, password: `guess ${at}` },
      })
      const code = status === 200 ? 'in' : String((JSON.parse(body) as { code?: string }).code)
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1)
    }
  }
  const logIn = async () => {
    const started = performance.now()
    await requests.logIn(victim, password)
    return (performance.now() - started) / 1000
  }
  const started = performance.now()
  let going = true
  const guessing = Promise.all(Array.from({ length: atOnce }, guess)).finally(() => {
    going = false
  })
  const during: number[] = []
  // Whoever guesses hears of it below.
  guessing.catch(() => {})
  for (let count = 0; count < 10; count++) {
    const wanted = (guesses / 11) * (count + 1)
    while (going && next < wanted) await new Promise(resolve => setTimeout(resolve, 20))
    if (going) during.push(await logIn())
  }
  await guessing
  const took = (performance.now() - started) / 1000
  const after = await logIn()
  note([...outcomes].map(([code, count]) => `${code}: ${count}`).join(', '))
  return [
    atMost(`${guesses} wrong passwords for one account: got in`, outcomes.get('in') ?? 0, '', 0),
    atLeast('refused', guesses - (outcomes.get('in') ?? 0), '', guesses),
    told('a second', guesses / took, ''),
    atMost('the owner with the right one meanwhile, slowest log-in', Math.max(...during, 0), 's', target),
    told('the same, p50', during.length > 0 ? median(during) : null, 's'),
    told('log-in after that', after, 's'),
  ]
}
