/** What is put onto the pages of our PDFs: fields of a form, texts typed onto a page, stamps, comments. */

interface Place {
  /** In points from the upper left of the media box (before rotation and crop). */
  x: number
  y: number
  width: number
  height: number
}

interface Field extends Place {
  name: string
  /** Of the annotation: 2 hidden, 32 not on the screen. */
  flags?: number
  /** Points; 10 by default, 0 lets viewers choose. */
  size?: number
}

/** What its picture says, line by line, where that is another thing than the value; null: it has none. */
type Picture = readonly string[] | null

export type PdfField =
  | (Field & {
      kind: 'text'
      value: string
      picture?: Picture
      multiline?: boolean
      /** So many boxes, one character each. */
      comb?: number
      password?: boolean
      /** Degrees counter-clockwise its text is turned. */
      rotate?: 90 | 180 | 270
      /** Run by other programs whenever it is shown. */
      script?: string
    })
  | (Field & {
      kind: 'combo' | 'list'
      /** What a program is told, and what is shown. */
      options: readonly (readonly [value: string, shown: string])[]
      chosen: readonly string[]
      picture?: Picture
    })
  | (Field & { kind: 'check'; on: boolean; picture?: null })
  /** One of several with the same name. */
  | (Field & { kind: 'radio'; value: string; chosen: string })
  | (Field & { kind: 'push'; caption: string })
  | (Field & { kind: 'signature'; picture: readonly string[] })
  | (Place & { kind: 'free-text' | 'stamp' | 'comment'; text: string; picture?: null; size?: number; flags?: number })

type Add = (object: string | { dictionary: string; stream: Buffer }) => number

/** A text in a dictionary. */
export function textString(text: string): string {
  return `<${Buffer.from(`\ufeff${text}`, 'utf16le').swap16().toString('hex')}>`
}

const FLAGS = { multiline: 1 << 12, password: 1 << 13, radio: 1 << 15, push: 1 << 16, combo: 1 << 17, comb: 1 << 24 }
const APPEARANCE = (size: number) => `/DA (/Helvetica ${size} Tf 0 g)`

/**
 * Adds the annotations of a page, `page` by its number. `annotations` go to the page, `fields` to the form; `groups` keeps the
 * groups of radio buttons that stand on more than one page.
 */
export function addFields(
  all: readonly PdfField[],
  {
    page,
    height,
    font,
    add,
    groups,
  }: { page: number; height: number; font: number; add: Add; groups: Map<string, Group> },
): { annotations: number[]; fields: number[] } {
  const annotations: number[] = []
  const fields: number[] = []
  const resources = `/Resources << /Font << /Helvetica ${font} 0 R >> >>`

  const picture = (place: Place, content: string, more = '') =>
    add({
      dictionary: `/Type /XObject /Subtype /Form /BBox [0 0 ${place.width} ${place.height}] ${resources}${more}`,
      stream: Buffer.from(content, 'latin1'),
    })
  const lines = (place: Place, texts: readonly string[], size: number) => {
    const first = texts.length > 1 ? place.height - size - 2 : (place.height - 0.7 * size) / 2
    const shown = texts.map((text, index) => `${index > 0 ? `0 ${-1.2 * size} Td ` : ''}(${literal(text)}) Tj`)
    return `/Tx BMC q BT /Helvetica ${size} Tf 2 ${first.toFixed(2)} Td ${shown.join(' ')} ET Q EMC`
  }
  const annotation = (field: PdfField, subtype: string, rest: string) => {
    const { x, y, width } = field
    const rect = `[${x} ${height - y - field.height} ${x + width} ${height - y}]`
    const number = add(
      `<< /Type /Annot /Subtype /${subtype} /Rect ${rect} /P ${page} 0 R /F ${4 | (field.flags ?? 0)} ${rest} >>`,
    )
    annotations.push(number)
    return number
  }
  const shown = (place: Place, texts: readonly string[] | null, size = 10) =>
    texts === null ? '' : ` /AP << /N ${picture(place, lines(place, texts, size || 10))} 0 R >>`

  for (const field of all) {
    const name = 'name' in field ? `/T ${textString(field.name)}` : ''
    switch (field.kind) {
      case 'text': {
        const { value, multiline, comb, password, rotate, script } = field
        const flags = (multiline ? FLAGS.multiline : 0) | (password ? FLAGS.password : 0) | (comb ? FLAGS.comb : 0)
        const look = comb
          ? combed(field, comb)
          : shown(field, field.picture === undefined ? [value] : field.picture, field.size)
        fields.push(
          annotation(
            field,
            'Widget',
            `/FT /Tx ${name} /V ${textString(value)} /Ff ${flags} ${APPEARANCE(field.size ?? 10)}${look}` +
              `${comb ? ` /MaxLen ${comb}` : ''}${rotate ? ` /MK << /R ${rotate} >>` : ''}` +
              (script ? ` /AA << /F << /S /JavaScript /JS ${textString(script)} >> >>` : ''),
          ),
        )
        break
      }
      case 'combo':
      case 'list': {
        const { options, chosen, kind } = field
        const texts = options.filter(([value]) => kind === 'list' || chosen.includes(value)).map(([, text]) => text)
        const values = chosen.map(textString)
        fields.push(
          annotation(
            field,
            'Widget',
            `/FT /Ch ${name} /Ff ${kind === 'combo' ? FLAGS.combo : 0} ${APPEARANCE(field.size ?? 10)} ` +
              `/Opt [${options.map(([value, text]) => `[${textString(value)} ${textString(text)}]`).join(' ')}] ` +
              `/V ${values.length === 1 ? values[0] : `[${values.join(' ')}]`}` +
              shown(field, field.picture === undefined ? texts : field.picture, field.size),
          ),
        )
        break
      }
      case 'check': {
        const look = field.picture === null ? '' : ` /AP << /N ${ticked(field, 'Ja')} >>`
        const state = field.on ? 'Ja' : 'Off'
        fields.push(annotation(field, 'Widget', `/FT /Btn ${name} /V /${state} /AS /${state}${look}`))
        break
      }
      case 'radio': {
        let group = groups.get(field.name)
        if (!group) {
          group = { number: add(''), buttons: [], name: field.name, chosen: field.chosen }
          groups.set(field.name, group)
          fields.push(group.number)
        }
        const state = field.value === field.chosen ? field.value : 'Off'
        group.buttons.push(
          annotation(
            field,
            'Widget',
            `/Parent ${group.number} 0 R /AS /${state} /AP << /N ${ticked(field, field.value)} >>`,
          ),
        )
        break
      }
      case 'push':
        fields.push(
          annotation(
            field,
            'Widget',
            `/FT /Btn ${name} /Ff ${FLAGS.push} /MK << /CA ${textString(field.caption)} >>${shown(field, [field.caption])}`,
          ),
        )
        break
      case 'signature':
        fields.push(annotation(field, 'Widget', `/FT /Sig ${name}${shown(field, field.picture, 8)}`))
        break
      case 'free-text':
        annotation(
          field,
          'FreeText',
          `/Contents ${textString(field.text)} ${APPEARANCE(field.size ?? 10)}` +
            shown(field, field.picture === null ? null : field.text.split('\n'), field.size),
        )
        break
      case 'stamp':
        annotation(field, 'Stamp', `/Name /Draft${shown(field, [field.text], 14)}`)
        break
      case 'comment':
        annotation(field, 'Text', `/Contents ${textString(field.text)} /Name /Note`)
        break
    }
  }
  return { annotations, fields }

  function combed(field: Field & { value: string }, boxes: number): string {
    const step = field.width / boxes
    const characters = [...field.value].map(
      (character, index) => `${index > 0 ? `${step} 0 Td ` : ''}(${literal(character)}) Tj`,
    )
    const content = `/Tx BMC q BT /Helvetica 10 Tf ${step / 2 - 3} ${(field.height - 7) / 2} Td ${characters.join(' ')} ET Q EMC`
    return ` /AP << /N ${picture(field, content)} 0 R >>`
  }

  function ticked(place: Place, on: string): string {
    const cross = `0 0 m ${place.width} ${place.height} l S 0 ${place.height} m ${place.width} 0 l S`
    const frame = `0.5 0.5 ${place.width - 1} ${place.height - 1} re S`
    return `<< /${on} ${picture(place, `${frame} ${cross}`)} 0 R /Off ${picture(place, frame)} 0 R >>`
  }
}

/** Buttons of which one is chosen: the field is their parent. */
export interface Group {
  number: number
  name: string
  chosen: string
  buttons: number[]
}

export function groupObject({ name, chosen, buttons }: Group): string {
  const kids = buttons.map(button => `${button} 0 R`).join(' ')
  return `<< /FT /Btn /Ff ${FLAGS.radio} /T ${textString(name)} /V /${chosen} /Kids [${kids}] >>`
}

// What Windows-1252 puts where Latin-1 has controls.
const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** A text in a content stream, in Windows-1252. */
export function literal(text: string): string {
  let result = ''
  for (const character of text) {
    const index = WINDOWS.indexOf(character)
    const code = index === -1 ? character.charCodeAt(0) : 0x80 + index
    if (code > 0xff) throw new Error(`not in Windows-1252: ${character}`)
    result += '()\\'.includes(character) ? `\\${character}` : String.fromCharCode(code)
  }
  return result
}
