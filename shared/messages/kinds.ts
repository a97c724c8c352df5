/** What a refused file is, where that is known, and what can be done about it. */
import type { Reason } from '../model/index.ts'

/** `rename`: it can be read under its true ending. `convert`: its own program can save it as something that can. */
type Advice = 'rename' | 'convert' | 'unpack' | 'useless'

interface Kind {
  advice: Advice
  /** The ending to have in the end. */
  ending: string
  /** Endings that say this of a file that is refused for its name. */
  endings?: readonly string[]
}

const rename = (ending: string): Kind => ({ advice: 'rename', ending })
const convert = (ending: string, endings: readonly string[]): Kind => ({ advice: 'convert', ending, endings })

export const KINDS = {
  pdf: rename('.pdf'),
  zip: rename('.zip'),
  docx: rename('.docx'),
  xlsx: rename('.xlsx'),
  pptx: rename('.pptx'),
  odt: rename('.odt'),
  ods: rename('.ods'),
  odp: rename('.odp'),
  epub: rename('.epub'),
  rtf: rename('.rtf'),
  html: rename('.html'),
  msg: rename('.msg'),
  png: rename('.png'),
  jpeg: rename('.jpg'),
  tiff: rename('.tif'),
  webp: rename('.webp'),
  text: rename('.txt'),
  doc: convert('.docx', ['doc', 'dot']),
  xls: convert('.xlsx', ['xls', 'xlt']),
  ppt: convert('.pptx', ['ppt', 'pps', 'pot']),
  xlsb: convert('.xlsx', ['xlsb']),
  'office-97': convert('.docx, .xlsx, .pptx', []),
  wordperfect: convert('.docx', ['wpd', 'wps']),
  iwork: convert('.pdf', ['pages', 'numbers', 'key']),
  xps: convert('.pdf', ['xps', 'oxps', 'ps', 'eps', 'djvu']),
  mobi: convert('.epub', ['mobi', 'azw', 'azw3', 'fb2']),
  picture: convert('.png', ['gif', 'bmp', 'heic', 'heif', 'svg', 'psd', 'avif']),
  archive: { advice: 'unpack', ending: '', endings: ['7z', 'rar', 'tar', 'gz', 'tgz', 'bz2', 'xz', 'zst'] },
  media: { advice: 'useless', ending: '', endings: ['mp3', 'mp4', 'm4a', 'wav', 'avi', 'mov', 'mkv', 'ogg', 'flac'] },
  database: { advice: 'useless', ending: '', endings: ['db', 'sqlite', 'mdb', 'accdb', 'pst', 'ost'] },
  program: { advice: 'useless', ending: '', endings: ['exe', 'dll', 'so', 'bin', 'iso', 'dmg', 'msi', 'apk', 'jar'] },
} as const satisfies Record<string, Kind>

export type KindName = keyof typeof KINDS

/** Of `type-mismatch` by its value `content`, of `unsupported-type` by the ending of its value `name`. */
export function kindOf({ code, values = {} }: Reason): { kind: KindName; context: Advice; ending: string } | undefined {
  const named = (): string | undefined => {
    const ending = /\.([^./\\]+)$/.exec(String(values.name ?? ''))?.[1]?.toLowerCase()
    const found = Object.entries<Kind>(KINDS).find(([, { endings }]) => ending && endings?.includes(ending))
    return found?.[0]
  }
  const kind = code === 'type-mismatch' ? String(values.content) : code === 'unsupported-type' ? named() : undefined
  if (kind === undefined || !Object.hasOwn(KINDS, kind)) return undefined
  const { advice, ending } = KINDS[kind as KindName]
  return { kind: kind as KindName, context: advice, ending }
}

/** The value that chooses among the texts of a code, where there are several for it. */
export function choiceOf({ code, values }: Reason): { context?: string } {
  if (code === 'egress-refused') return { context: String(values?.why) }
  if (code === 'data-damaged' && values?.backups) return { context: 'kept' }
  if (code === 'unauthorized' && values?.mode === 'server') return { context: 'server' }
  return code === 'model-memory' && values?.smaller ? { context: 'smaller' } : {}
}
