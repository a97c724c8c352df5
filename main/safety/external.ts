/** Which addresses may be offered to the system's own programs, and what is shown of them. */

export type External =
  | {
      allowed: true
      /** As it is opened. */
      url: string
      /** Who is behind it: a host in letters that cannot be mistaken for others, or an address of mail. */
      shown: string
    }
  | { allowed: false; why: 'scheme' | 'credentials' | 'length' | 'characters' | 'form' }

/** Windows refuses more; no browser's address bar shows as much. */
const most = 2000
/** Controls, line ends, what turns the direction of writing, what nobody sees, and halves of characters. */
const unseen =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Surrogate}|[\u{e0000}-\u{e007f}]/u
/** Others make a mail program attach files (`attach`), or send to whom nobody sees (`bcc`). */
const fields = ['subject', 'body', 'cc']
const mailbox = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z\d](?:[a-z\d.-]{0,252}[a-z\d])?$/i

/** After this, and after a question that shows it: see `createExternal`. */
export function decideExternal(address: string): External {
  const refuse = (why: Extract<External, { allowed: false }>['why']): External => ({ allowed: false, why })
  if (address.length > most) return refuse('length')
  if (unseen.test(address)) return refuse('characters')
  let url: URL
  try {
    url = new URL(address)
  } catch {
    return refuse('form')
  }
  if (url.protocol === 'mailto:') return decideMail(url) ?? refuse('form')
  if (url.protocol !== 'https:') return refuse('scheme')
  if (url.username !== '' || url.password !== '') return refuse('credentials')
  // Percent-encoded, it has become longer.
  if (url.href.length > most) return refuse('length')
  return { allowed: true, url: url.href, shown: url.host }
}

function decideMail(url: URL): External | undefined {
  const query = [...url.searchParams]
  if (query.some(([name]) => !fields.includes(name.toLowerCase()))) return undefined
  const to = decoded(url.pathname)
    ?.split(',')
    .map(one => one.trim())
  const others = query.filter(([name]) => name.toLowerCase() === 'cc').flatMap(([, value]) => value.split(','))
  const all = [...(to ?? ['']), ...others.map(one => one.trim())]
  if (!all.every(one => mailbox.test(one))) return undefined
  // A line end in a subject would begin another header.
  if (query.some(([name, value]) => name.toLowerCase() !== 'body' && unseen.test(value))) return undefined
  return url.href.length > most ? undefined : { allowed: true, url: url.href, shown: all.join(', ') }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

export interface ExternalOptions {
  /** True when the user agrees. `shown`: what to name in the question. */
  ask(shown: string, kind: 'page' | 'mail'): Promise<boolean>
  open(url: string): Promise<void>
}

/** The one way out to other programs. While a question is open, others are refused: a page must not bury the user under them. */
export function createExternal({ ask, open }: ExternalOptions): (address: string) => Promise<boolean> {
  let asking = false
  return async address => {
    const verdict = decideExternal(address)
    if (!verdict.allowed || asking) return false
    asking = true
    try {
      if (!(await ask(verdict.shown, verdict.url.startsWith('mailto:') ? 'mail' : 'page'))) return false
    } finally {
      asking = false
    }
    await open(verdict.url)
    return true
  }
}
