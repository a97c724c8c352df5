/** Mails, written: the same as text and as HTML, in one column, with nothing that is fetched from anywhere. */
import { createTranslate, type MessageKey } from '../messages/index.ts'
import type { MailRequest, WaysIn } from '../model/index.ts'

export interface MailSurroundings {
  product: string
  /** An origin: where the product runs. */
  publicUrl: string
}

/** Milliseconds that the link of such a mail is good for, where it is not for ever. */
export function validity({ values }: Pick<MailRequest, 'values'>): number | undefined {
  if ('minutes' in values) return values.minutes * 60_000
  if ('hours' in values) return values.hours * 3_600_000
  if ('days' in values) return values.days * 86_400_000
  return undefined
}

/** Throws where the link leads elsewhere than to `publicUrl`: nobody is sent to another site in our name. */
export function writeMail(
  { kind, language, values }: MailRequest,
  { product, publicUrl }: MailSurroundings,
): { subject: string; text: string; html: string } {
  const link = new URL(values.link)
  if (link.origin !== new URL(publicUrl).origin) throw new Error('the link of a mail leads elsewhere')
  const translate = createTranslate(language)
  const { host } = new URL(publicUrl)
  const names = {
    product,
    host,
    ...('inviter' in values && { inviter: harmless(values.inviter) }),
    ...('name' in values && { name: harmless(values.name) }),
  }
  const say = (part: 'subject' | 'intro' | 'action' | 'unasked') => translate(`mail.${kind}.${part}`, names)
  const words = {
    subject: say('subject'),
    greeting: translate('mail.greeting'),
    intro: say('intro'),
    action: say('action'),
    linkNote: translate('mail.link'),
    link: link.href,
    once: onceIn(values, translate),
    ended: 'ended' in values ? listed('ended', values.ended, translate) : undefined,
    left: 'left' in values ? listed('left', values.left, translate) : undefined,
    unasked: say('unasked'),
    footer: translate('mail.footer', names),
  }
  return { subject: words.subject, text: asText(words), html: asHtml(words, language) }
}

type Words = Record<'subject' | 'greeting' | 'intro' | 'action' | 'linkNote' | 'link' | 'unasked' | 'footer', string> &
  Record<'once' | 'ended' | 'left', string | undefined>

function onceIn(values: MailRequest['values'], translate: ReturnType<typeof createTranslate>): string | undefined {
  for (const unit of ['minutes', 'hours', 'days'] as const) {
    const count = (values as Partial<Record<typeof unit, number>>)[unit]
    if (count !== undefined) return translate(`mail.once_${unit}` as MessageKey, { count })
  }
  return undefined
}

const ways = [
  'passwords',
  'sessions',
  'keys',
  'passkeys',
  'gitHub',
  'secondFactors',
] as const satisfies (keyof WaysIn)[]

/** What has ended, or still opens the account. A password that is left is the new one, which the mail is about; so is this session. */
function listed(which: 'ended' | 'left', counts: WaysIn, translate: ReturnType<typeof createTranslate>) {
  const named = ways.filter(
    way => counts[way] > 0 && (which === 'ended' || (way !== 'passwords' && way !== 'sessions')),
  )
  if (named.length === 0) return undefined
  const list = named.map(way => translate(`mail.ways.${way}` as MessageKey, { count: counts[way] })).join(', ')
  return translate(`mail.${which}`, { list })
}

const longestName = 80

/**
 * A name that its owner chose, and that strangers read in our name: one line, not long, and nothing that a mail program would make a
 * link of.
 */
function harmless(name: string): string {
  const line = name.replace(/[\p{Cc}\p{Cf}\p{Z}]+/gu, ' ').trim()
  const characters = [...line]
  const short = characters.length > longestName ? `${characters.slice(0, longestName - 1).join('')}…` : line
  return short
    .replace(/(?<=\S)\.(?=\S)/g, '\u2024')
    .replace(/:\/\//g, ': ')
    .replaceAll('@', '(at)')
}

function asText({ greeting, intro, action, link, once, ended, left, unasked, footer }: Words): string {
  const before = [greeting, intro, ended, left].filter(one => one !== undefined)
  const paragraphs = [...before, `${action}:\n${link}`, ...(once === undefined ? [] : [once]), unasked]
  return `${paragraphs.join('\n\n')}\n\n-- \n${footer}\n`
}

/** Colours for both backgrounds: programs that know of dark mode take the second ones, others turn the first ones themselves. */
const style = `:root{color-scheme:light dark}body{margin:0;background:#f6f6f4;color:#1d1d1b}
.sheet{max-width:32rem;margin:0 auto;padding:1.5rem;font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.button{display:inline-block;padding:.7rem 1.2rem;border-radius:.4rem;background:#1f4d3a;color:#fff;text-decoration:none}
.small{font-size:13px;color:#5c5c57}.small a{color:inherit;word-break:break-all}
@media (prefers-color-scheme:dark){body{background:#1b1b1a;color:#ececea}.button{background:#9fd4bb;color:#10241b}.small{color:#a9a9a3}}`

function asHtml(words: Words, language: string): string {
  const { subject, greeting, intro, action, linkNote, link, unasked, footer, once, ...rest } = mapped(words, escapeHtml)
  const paragraph = (text: string) => `<p>${text}</p>`
  const ways = [rest.ended, rest.left].filter(one => one !== undefined)
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${subject}</title>
<style>${style}</style>
</head>
<body>
<div class="sheet">
${paragraph(greeting)}
${[intro, ...ways].map(paragraph).join('\n')}
<p><a class="button" href="${link}">${action}</a></p>
${once === undefined ? '' : `${paragraph(once)}\n`}${paragraph(unasked)}
<p class="small">${linkNote}<br><a href="${link}">${link}</a></p>
<p class="small">${footer}</p>
</div>
</body>
</html>
`
}

function mapped(words: Words, change: (text: string) => string): Words {
  return Object.fromEntries(
    Object.entries(words).map(([name, text]) => [name, text === undefined ? undefined : change(text)]),
  ) as Words
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character] as string)
}
