import type { Machine } from '../../shared/models/fit.ts'
import { lookAtMachine, measureReadSpeed } from '../../shared/models/machine.ts'
import { type OfferHere, offersHere } from '../../shared/models/offered.ts'
import type { Context } from '../context.ts'
import { reasonJson } from '../present.ts'
import { table } from '../table.ts'
import { findModels, sizeOf } from './models.ts'

export async function findOffers(context: Context): Promise<{ machine: Machine; offers: OfferHere[] }> {
  const { threads, contextSize } = context.config().models
  const entries = await findModels(context)
  const machine = await lookAtMachine({ threads, readSpeed: measureReadSpeed() })
  return { machine, offers: offersHere(entries, machine, { contextSize }) }
}

/** What can be had by name, what it is good for, and how it fits this machine. */
export async function listOffers(context: Context): Promise<void> {
  const { terminal, translate } = context
  const { offers } = await findOffers(context)
  if (context.json) {
    terminal.json({ models: offers.map(offer => offerJson(context, offer)) })
    return
  }
  const head = (['name', 'role', 'size', 'memory', 'licence', 'state'] as const).map(name =>
    translate(`cli.models.${name}`),
  )
  const rows = offers.map(here => [
    here.offer.id,
    translate(`cli.models.${here.offer.role}`),
    here.offer.source.bytes === undefined ? '–' : sizeOf(context, here.offer.source.bytes),
    here.fit ? sizeOf(context, here.fit.need) : '–',
    here.offer.licence,
    stateOf(context, here),
  ])
  for (const line of table(terminal, head, rows, { right: [2, 3] })) terminal.out(line)
  for (const { offer, recommended, installed } of offers)
    if (recommended && installed === null)
      terminal.note(translate('cli.models.recommend', { id: offer.id, text: offer.goodFor[translate.language] }))
}

function stateOf({ translate }: Context, { fit, installed, used, recommended }: OfferHere): string {
  const words: string[] = []
  if (used) words.push(translate('cli.models.used'))
  else if (installed !== null) words.push(translate('cli.models.spare'))
  if (recommended) words.push(translate('cli.models.recommended'))
  if (fit?.fits === 'no')
    words.push(
      fit.smaller === null
        ? translate('cli.models.noFit')
        : translate('cli.models.noFitSmaller', { smaller: fit.smaller }),
    )
  else if (fit) {
    words.push(translate(`cli.models.fits_${fit.fits}`))
    const { tokensPerSecond: speed } = fit
    if (speed !== undefined) {
      const format = new Intl.NumberFormat(translate.language, { maximumSignificantDigits: speed < 10 ? 1 : 2 })
      words.push(translate('cli.models.speed', { speed: format.format(speed) }))
    }
  }
  return words.join(', ')
}

function offerJson({ translate }: Context, { offer, fit, installed, used, recommended }: OfferHere): object {
  const { id, name, role, goodFor, languages, licence, parameters, context: contextSize, machine, source } = offer
  const { reason = null, ...rest } = fit ?? {}
  return {
    id,
    name,
    role,
    goodFor: goodFor[translate.language],
    languages: { count: languages.count ?? null, named: languages.named },
    licence,
    parameters,
    contextSize,
    machine,
    size: source.bytes ?? null,
    file: source.file,
    default: offer.default === true,
    recommended,
    installed,
    used,
    fit: fit ? { ...rest, reason: reasonJson(translate, reason) } : null,
  }
}
