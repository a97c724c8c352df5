import type { ApiDownload, ApiModel, ApiOffer } from '../../shared/api/index.ts'
import { timeLeft } from '../library/progress.ts'
import type { Words } from '../words.tsx'

/** Tokens a second: people read three to five words in one. */
const readable = 5
/** It writes slower than one reads. */
export function isSlow({ fit }: ApiOffer): boolean {
  return typeof fit?.tokensPerSecond === 'number' && fit.tokensPerSecond < readable
}

/** How many languages are named. */
const mostNamed = 4

/** Of many languages, those that readers of ours look for first. */
const near = ['de', 'en', 'fr', 'es', 'it', 'pl', 'nl']

/** A model as people call it: a reference without the provider's slug, a file without the end of its name. */
export function modelName(reference: string): string {
  return reference.slice(reference.indexOf('/') + 1).replace(/\.gguf$/i, '')
}

/** Size, memory, speed, languages, licence. */
export function offerFacts({ size, fit, licence, languages }: ApiOffer, words: Words): string[] {
  const names = new Intl.DisplayNames(words.language, { type: 'language' })
  // The reader's own language first.
  const rank = (code: string) => [words.language, ...near, code].indexOf(code)
  const named = languages.named
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, mostNamed)
    .map(code => names.of(code) ?? code)
  const list = new Intl.ListFormat(words.language, { type: 'conjunction' }).format(named)
  const others = languages.count !== null && languages.count > named.length
  const pace = fit?.fits !== 'no' && fit?.tokensPerSecond
  return [
    ...(size === null ? [] : [words('models.fileSize', { size: words.size(size) })]),
    ...(fit ? [words('models.memoryNeed', { size: words.size(fit.need) })] : []),
    ...(pace && pace >= readable ? [words(pace >= 2 * readable ? 'models.fast' : 'models.even')] : []),
    ...(named.length === 0 ? [] : [others ? words('models.languages', { count: languages.count ?? 0, list }) : list]),
    words('models.licence', { licence }),
  ]
}

/** Of a file that is here. */
export function modelFacts({ role, size, parameters, contextSize }: ApiModel, words: Words): string[] {
  const compact = new Intl.NumberFormat(words.language, { notation: 'compact', maximumFractionDigits: 1 })
  return [
    words(`models.role.${role ?? 'unknown'}`),
    words.size(size),
    ...(parameters ? [words('models.parameters', { count: compact.format(parameters) })] : []),
    ...(contextSize ? [words('models.context', { count: words.number(contextSize) })] : []),
  ]
}

/** How far a download is, in words. */
export function downloadState(download: ApiDownload, words: Words): string {
  const { state, received, size, rate, secondsLeft, reason } = download
  const amount =
    size === null
      ? words.size(received)
      : words('models.amount', { received: words.size(received), size: words.size(size) })
  const left = timeLeft(secondsLeft, words)
  const why = reason ? words.explain(reason) : ''
  switch (state) {
    case 'active':
      return [
        amount,
        ...(rate ? [words('models.rate', { rate: words.size(rate) })] : []),
        ...(left ? [left] : []),
      ].join(' · ')
    case 'queued':
      return words('models.queued')
    case 'checking':
      return words('models.checkingSum')
    case 'paused':
      return words('models.pausedAt', { amount })
    case 'waiting':
      return words('models.waitingFor', { reason: why })
    case 'failed':
      return words('models.failed', { reason: why })
    case 'done':
      return words('models.here')
  }
}
