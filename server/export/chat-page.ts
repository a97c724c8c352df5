/** Chats as a page that opens in any browser, without a script and without anything from elsewhere. */
import { shownQuote } from '../../shared/model/answer.ts'
import type { Chat, Citation, Message } from '../../shared/model/index.ts'

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string) => text.replace(/[&<>"']/g, letter => escapes[letter] as string)
const time = (at: number) => new Date(at).toISOString().replace('T', ' ').slice(0, 16)

export const pageHead = (title: string) => `<!doctype html>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
.user { font-weight: 600 } .text { white-space: pre-wrap } ol, time { color: #555; font-size: 0.875rem }
</style>
<h1>${escaped(title)}</h1>
`

export function chatSection(chat: Chat, messages: readonly Message[]): string {
  const said = messages.map(({ role, text, createdAt, answer }) => {
    const citations = answer?.citations ?? []
    const list = citations.length > 0 ? `<ol>${citations.map(cited).join('')}</ol>\n` : ''
    return `<p class="text ${role === 'user' ? 'user' : 'answer'}">${escaped(text)}</p>\n${list}<p><time>${time(createdAt)} UTC</time></p>\n`
  })
  return `<h2>${escaped(chat.title)}</h2>\n${said.join('')}`
}

function cited(citation: Citation): string {
  const { file, page, where } = citation
  const place = page === null ? (where?.headings ?? []).join(' › ') : `p. ${page}`
  return `<li>${escaped(`${file}${place === '' ? '' : `, ${place}`}: „${shownQuote(citation)}“`)}</li>`
}
