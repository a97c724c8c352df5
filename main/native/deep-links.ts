/**
 * Links of our own: `cloister://ask?q=…`, `cloister://document/ID`, `cloister://chat/ID`, `cloister://project/ID`. Any page of the web may
 * hold one, so they say what is shown and never do anything: a question stands in its field and is sent by whoever reads it.
 */

export type DeepLink = { name: 'ask'; question: string } | { name: 'document' | 'chat' | 'project'; id: string }

export const linkScheme = 'cloister'

/** Characters; a longer one is nothing that somebody would read before sending it. */
const longestQuestion = 1000
const longestLink = 20_000
/** As the bridge to the page takes one. */
const longestHash = 2000
/** As ours are. */
const id = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

/** Whether it is meant for us, whatever it says. */
export const isLink = (text: string) => /^cloister:/i.test(text)

/** Undefined for everything else than these four, as they stand above. */
export function parseLink(text: string): DeepLink | undefined {
  if (text.length > longestLink || !URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== `${linkScheme}:` || url.username || url.password || url.port || url.hash) return undefined
  // Of a scheme that is not the web's, some systems leave the capitals of a host as they are.
  const name = url.host.toLowerCase()
  if (name === 'ask') {
    const names = [...url.searchParams.keys()]
    if (!['', '/'].includes(url.pathname) || names.length !== 1 || names[0] !== 'q') return undefined
    const question = readable(url.searchParams.get('q') ?? '')
    const link = { name, question } as const
    return question === '' || question.length > longestQuestion || hashOfLink(link).length > longestHash
      ? undefined
      : link
  }
  if (name !== 'document' && name !== 'chat' && name !== 'project') return undefined
  const [, found = ''] = /^\/([^/]+)\/?$/.exec(url.pathname) ?? []
  const wanted = found.toLowerCase()
  return url.search === '' && id.test(wanted) ? { name, id: wanted } : undefined
}

/** The address in the window's page. `ask` leaves the question to be sent. */
export function hashOfLink(link: DeepLink): string {
  if (link.name === 'ask') return `#/?${new URLSearchParams({ q: link.question })}`
  if (link.name === 'document') return `#/library?read=${link.id}`
  return `#/${link.name === 'project' ? 'library' : 'chat'}/${link.id}`
}

/** Without what is not seen: signs that turn the direction of what follows, or have no width, would show something else than is sent. */
function readable(text: string): string {
  return text
    .replaceAll(/[\t\r\n\u2028\u2029]+/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}]/gu, '')
    .replaceAll(/ {2,}/g, ' ')
    .trim()
}
