/** What is another's against what is not there: whether how long an answer takes tells which it is. */
import { v7 } from 'uuid'
import { atMost, type Figure, median, told } from './figure.ts'
import type { Surroundings } from './users.ts'
import type { Sent, User } from './users-requests.ts'

/** Of 0.5, with which nobody could tell. By chance alone, 1,000 of each give 0.013 one time in three. */
const mostTold = 0.05

/** `compared`: so many of each. Throws where an answer is not 404. */
export async function foreignFigures(
  { requests, note }: Surroundings,
  users: readonly User[],
  compared: number,
): Promise<Figure[]> {
  const figures: Figure[] = []
  const asked: Record<string, (one: User, other: Ids) => Pick<Sent, 'method' | 'path' | 'body'>> = {
    'listing of a project': (_, { projectId }) => ({ method: 'GET', path: `/api/v1/projects/${projectId}/documents` }),
    'search in a project': (_, { projectId }) => ({
      method: 'POST',
      path: `/api/v1/projects/${projectId}/documents/search`,
      body: { query: 'Wie hoch ist die Miete?', limit: 10 },
    }),
    'opening of a document in one’s own project': ({ projectId }, { documentId }) => ({
      method: 'GET',
      path: `/api/v1/projects/${projectId}/documents/${documentId}/segments/1`,
    }),
  }
  for (const [name, requestFor] of Object.entries(asked)) {
    const times = { foreign: [] as number[], absent: [] as number[] }
    for (let at = 0; at < compared * 2; at++) {
      const user = users[at % users.length]
      const other = users[(at + 1 + Math.floor(at / users.length)) % users.length]
      // In pairs, each of which begins with the other one.
      const isForeign = ((at >> 1) + at) % 2 === 0 && other !== user
      const ids = isForeign
        ? { projectId: other.projectId, documentId: other.documents[at % other.documents.length] }
        : { projectId: v7(), documentId: v7() }
      const { address, cookie } = user
      const sent = { ...requestFor(user, ids), address, cookie }
      const started = performance.now()
      const { status, body } = await requests.send(sent)
      if (status !== 404) throw new Error(`${status} of ${sent.path}: ${body.slice(0, 300)}`)
      times[isForeign ? 'foreign' : 'absent'].push(performance.now() - started)
    }
    const longer = shareLonger(times.foreign, times.absent)
    note(`${name}: foreign ${median(times.foreign).toFixed(2)} ms, absent ${median(times.absent).toFixed(2)} ms`)
    figures.push(
      atMost(
        `${name}: how often the time tells another’s from none, beyond half`,
        Math.abs(longer - 0.5),
        '',
        mostTold,
      ),
      told('p50 of another’s', median(times.foreign), 'ms'),
      told('p50 of none', median(times.absent), 'ms'),
    )
  }
  return figures
}

interface Ids {
  projectId: string
  documentId: string
}

/** The probability that one of the first takes longer than one of the second (Mann and Whitney's U over the number of pairs). */
function shareLonger(first: readonly number[], second: readonly number[]): number {
  const sorted = [...second].sort((a, b) => a - b)
  let sum = 0
  for (const value of first) {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle] < value) low = middle + 1
      else high = middle
    }
    sum += low
  }
  return sum / first.length / sorted.length
}
