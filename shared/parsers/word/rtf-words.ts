/** What the words of RTF 1.9.1 mean for the text. */

/** Groups without text that a reader sees. Whatever else begins with `\*` and is not known is left out too. */
export const SKIPPED = new Set(
  (
    'colortbl filetbl revtbl info pict nonshppict objdata objclass objname objalias objsect sp shprslt ' +
    'themedata colorschememapping latentstyles datastore listtable listoverridetable listpicture rsidtbl generator pgptbl ' +
    'mmathPr xmlnstbl wgrffmtfilter bkmkstart bkmkend atnid atnref atnicn atndate atntime atnparent atrfstart atrfend xe tc tcn ' +
    'rxe txe ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn private template userprops docvar mailmerge passwordhash ' +
    'protusertbl keycode background fldtype datafield pn htmltag mhtmltag nonesttables nesttableprops hlinkbase ' +
    'blipuid picprop defchp defpap pnseclvl panose falt fontemb fontfile cchs writereservation ' +
    'writereservhash factoidname xform linkval staticval propname password ebcstart ebcend oldcprops oldpprops ' +
    'oldsprops oldtprops'
  ).split(' '),
)

export const HEADERS = new Set(['header', 'headerl', 'headerr', 'headerf', 'footer', 'footerl', 'footerr', 'footerf'])

/** Groups that begin with `\*` and hold text all the same, or lead to it. */
export const STARRED = new Set([
  'shpinst',
  'shppict',
  'do',
  'annotation',
  'atnauthor',
  'ud',
  'fldinst',
  'formfield',
  'cs',
  'ts',
  'ds',
  'shptxt',
  'objattph',
])

/** Signs that have a word of their own. */
export const SIGNS: Record<string, string | undefined> = {
  tab: ' ',
  line: ' ',
  softline: ' ',
  lbr: ' ',
  page: ' ',
  column: ' ',
  emspace: ' ',
  enspace: ' ',
  qmspace: ' ',
  emdash: '—',
  endash: '–',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  bullet: '•',
}

/** Character sets of fonts (`\fcharset`) as iconv-lite calls them; those without one are the document's own. */
const CHARSETS: Record<number, string | undefined> = {
  0: 'cp1252',
  77: 'macintosh',
  128: 'cp932',
  129: 'cp949',
  134: 'cp936',
  136: 'cp950',
  161: 'cp1253',
  162: 'cp1254',
  163: 'cp1258',
  177: 'cp1255',
  178: 'cp1256',
  179: 'cp1256',
  186: 'cp1257',
  204: 'cp1251',
  222: 'cp874',
  238: 'cp1250',
  254: 'cp437',
  255: 'cp850',
}

export function encodingOfCharset(charset: number): string | undefined {
  return CHARSETS[charset]
}

export function encodingOfPage(page: number): string | undefined {
  if (page === 65001) return 'utf-8'
  if (page === 10000) return 'macintosh'
  return page > 0 && page < 32_000 ? `cp${page}` : undefined
}
