/** When it is looked for an update, which one is offered, and when it may be installed. Everything here is for the user to say. */

/** What is remembered between two starts. */
export interface UpdateSettings {
  /** Nothing is looked for until it is switched on, and it is asked once. */
  choice: 'unasked' | 'on' | 'off'
  /** The version that is not to be offered again; a later one is. */
  skipped: string | null
  /** Milliseconds since 1970. */
  checkedAt: number | null
  /** Which version this one came after. */
  previous: string | null
  /** Whose installation has begun; what came of it the next start knows. */
  installing: { from: string; to: string } | null
}

export const noSettings: UpdateSettings = {
  choice: 'unasked',
  skipped: null,
  checkedAt: null,
  previous: null,
  installing: null,
}

/** Who wants to know: the clock, or somebody who has just pressed a button, which is a word for this once. */
export type Asker = 'clock' | 'user'

const day = 24 * 60 * 60 * 1000

export function decideCheck(
  { choice, checkedAt }: Pick<UpdateSettings, 'choice' | 'checkedAt'>,
  asker: Asker,
  now: number,
): 'check' | 'ask' | 'no' {
  if (asker === 'user') return 'check'
  if (choice === 'unasked') return 'ask'
  if (choice === 'off') return 'no'
  // A clock that was set back must not put it off for years.
  const since = checkedAt === null ? day : Math.abs(now - checkedAt)
  return since >= day ? 'check' : 'no'
}

/** `older`: refused, whoever offers it; going back is a thing of its own. */
export function decideOffer(
  offered: string,
  { current, skipped, asker }: { current: string; skipped: string | null; asker: Asker },
): 'offer' | 'current' | 'older' | 'skipped' | 'invalid' {
  const order = compareVersions(offered, current)
  if (order === undefined) return 'invalid'
  if (order === 0) return 'current'
  if (order < 0) return 'older'
  // Whoever asks himself sees it again.
  return skipped === offered && asker === 'clock' ? 'skipped' : 'offer'
}

/** The one that was here before, and no other: not even one that is older still. */
export function decideBack(
  offered: string,
  { current, previous }: { current: string; previous: string | null },
): 'offer' | 'invalid' {
  const order = compareVersions(offered, current)
  return previous !== null && offered === previous && order !== undefined && order < 0 ? 'offer' : 'invalid'
}

/** What an installation came to, by the version that starts after it. `failed`: which one is not there. */
export function settleInstall(
  settings: UpdateSettings,
  current: string,
): { settings: UpdateSettings; failed: string | undefined } {
  const { installing } = settings
  const settled = { ...settings, installing: null }
  if (!installing) return { settings, failed: undefined }
  const { from, to } = installing
  if (current !== to) return { settings: settled, failed: current === from ? to : undefined }
  // Who has gone back is not led there again by what was before.
  const back = compareVersions(to, from) === -1
  return {
    settings: { ...settled, ...(back ? { previous: null, skipped: from } : { previous: from }) },
    failed: undefined,
  }
}

/** What runs now. */
export interface Work {
  /** Documents that are being read or indexed. */
  jobs: number
  /** Answers under way. */
  answers: number
  /** Models that are being fetched. */
  downloads: number
}

export function isMidWork({ jobs, answers, downloads }: Work): boolean {
  return jobs + answers + downloads > 0
}

const form = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?(?:\+[\dA-Za-z.-]+)?$/

/** As semantic versioning orders them; undefined where one is no version. */
export function compareVersions(a: string, b: string): number | undefined {
  const [one, other] = [a.match(form), b.match(form)]
  if (!one || !other) return undefined
  for (const at of [1, 2, 3]) {
    const order = Number(one[at]) - Number(other[at])
    if (order !== 0) return Math.sign(order)
  }
  const [before, after] = [one[4]?.split('.'), other[4]?.split('.')]
  // What comes before a version has a name behind it.
  if (!before || !after) return before ? -1 : after ? 1 : 0
  for (let at = 0; at < Math.max(before.length, after.length); at++) {
    const order = comparePart(before[at], after[at])
    if (order !== 0) return order
  }
  return 0
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  const [one, other] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (one && other) return Math.sign(Number(a) - Number(b))
  if (one !== other) return one ? -1 : 1
  return a < b ? -1 : 1
}
