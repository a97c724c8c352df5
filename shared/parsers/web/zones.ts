/** What an element is to its page, and whether it is shown at all. */
import type { Attributes } from './elements.ts'

export const MAIN = 1
export const NAVIGATION = 2
export const HEADER = 4
export const FOOTER = 8
export const ASIDE = 16
export const CONSENT = 32

const ROLES: Readonly<Record<string, number>> = {
  main: MAIN,
  article: MAIN,
  navigation: NAVIGATION,
  menubar: NAVIGATION,
  search: NAVIGATION,
  banner: HEADER,
  contentinfo: FOOTER,
  complementary: ASIDE,
}
const NAMES: Readonly<Record<string, number>> = {
  main: MAIN,
  article: MAIN,
  nav: NAVIGATION,
  header: HEADER,
  footer: FOOTER,
  aside: ASIDE,
}
const CONTAINERS: ReadonlySet<string> = new Set(
  'div section ul ol table td form dialog center p span a aside nav'.split(' '),
)

// Of pages from before there were elements for it: whole words of `id` and `class`.
const BY_WORD: readonly (readonly [number, RegExp])[] = [
  [MAIN, /^(?:main-?content|bodycontent|mw-content-text|article-?body|(?:post|entry|article)-content)$/],
  [
    NAVIGATION,
    /^(?:(?:main|top|site|sub|global|meta|primary|secondary|footer|header|side|left)[-_]?)?(?:nav|navi|navbar|navigation|menu)$|^breadcrumbs?$|^skip-?(?:link|links|nav|to-content)$/,
  ],
  [FOOTER, /^(?:(?:site|page|main|global)[-_]?)?footer$/],
  [ASIDE, /^(?:(?:left|right|site|main|page)[-_]?)?sidebar$/],
  [
    CONSENT,
    /^(?:cookie|consent|gdpr|dsgvo)s?[-_]?(?:banner|bar|box|dialog|hinweis|hint|info|law|layer|message|modal|notice|overlay|popup|settings)|^(?:cybotcookiebot|onetrust|usercentrics|cmpbox|didomi|borlabs|klaro)/,
  ],
]

/** The parts of a page it belongs to: those of what it stands in, and its own. */
export function zoneOf(name: string, attributes: Attributes, around: number): number {
  const { role, id, class: classes } = attributes
  let zone = 0
  if (role !== undefined) zone = ROLES[role.trim().toLowerCase()] ?? 0
  else zone = NAMES[name] ?? 0
  if (zone === 0 && (id !== undefined || classes !== undefined) && CONTAINERS.has(name)) {
    const words = `${id ?? ''} ${classes ?? ''}`.toLowerCase().slice(0, 500).split(/\s+/)
    for (const [part, pattern] of BY_WORD) if (words.some(word => pattern.test(word))) zone |= part
  }
  // Of an article, these are its title, its author, its box.
  if (around & MAIN) zone &= ~(HEADER | FOOTER | ASIDE)
  return around | zone
}

const UNSEEN: ReadonlySet<string> = new Set(
  `annotation annotation-xml audio canvas datalist defs desc iframe metadata noembed noscript script style template title
  video`.split(/\s+/),
)
const INVISIBLE = /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all)/i

/** Whether nobody sees it. What is there for programs that read aloud (`aria-hidden`) is another question. */
export function isUnseen(name: string, attributes: Attributes): boolean {
  if (UNSEEN.has(name)) return true
  if (attributes.hidden !== undefined && attributes.hidden !== 'until-found') return true
  if (name === 'dialog' && attributes.open === undefined) return true
  return attributes.style !== undefined && INVISIBLE.test(attributes.style)
}

/** Those that are told by their style or `hidden`: a program in the page may show them. */
export function isHiddenOnly(name: string): boolean {
  return !UNSEEN.has(name)
}
