import { toAppError } from '../../shared/errors.ts'
import type { Provider, ProviderKind } from '../../shared/model/index.ts'
import type { Context } from '../context.ts'
import { withLibrary } from '../library.ts'
import { errorText, reasonJson, textOf, usageError } from '../present.ts'
import { table } from '../table.ts'
import { safe } from '../text.ts'
import { askUnseen } from '../unseen.ts'

const kinds: readonly ProviderKind[] = ['openai-compatible', 'anthropic', 'xai']
/** Signs of a key. */
const longestKey = 4000

export async function listProviders(context: Context): Promise<void> {
  const { terminal, translate } = context
  await withLibrary(context, {}, async ({ core, userId }) => {
    const providers = await core.providers.list(userId)
    if (context.json) return terminal.json({ providers: providers.map(providerJson) })
    if (providers.length === 0) return terminal.out(translate('cli.providers.none'))
    const head = (['slug', 'name', 'address', 'key', 'models', 'state'] as const).map(name =>
      translate(`cli.providers.${name}`),
    )
    const rows = providers.map(provider => [
      provider.slug,
      safe(provider.name),
      safe(provider.baseUrl),
      keyOf(context, provider),
      provider.listedAt === null ? translate('cli.providers.unasked') : String(provider.models.length),
      stateOf(context, provider),
    ])
    for (const line of table(terminal, head, rows, { right: [4] })) terminal.out(line)
    for (const { slug, models } of providers) for (const { id } of models) terminal.out(safe(`${slug}/${id}`))
  })
}

/** The key is typed unseen, or read from standard input, and never stands on the command line. */
export async function addProvider(
  context: Context,
  given: string,
  baseUrl: string | undefined,
  { name, slug, key: wanted }: { name?: string; slug?: string; key?: boolean },
): Promise<void> {
  const { terminal, translate, signal } = context
  const kind = kinds.find(one => one === given)
  if (!kind) throw usageError(translate('cli.providers.kind', { kind: safe(given) }))
  const key = wanted || kind !== 'openai-compatible' ? await readKey(context, name ?? kind) : undefined
  await withLibrary(context, {}, async ({ core, userId }) => {
    const fresh = await core.providers.add(userId, {
      kind,
      ...(baseUrl !== undefined && { baseUrl }),
      ...(name !== undefined && { name }),
      ...(slug !== undefined && { slug }),
      ...(key && { key }),
    })
    signal.throwIfAborted()
    // It was waited for a moment; here it has all the time that it takes.
    const { provider: added, problem } =
      fresh.listedAt === null
        ? await core.providers.test(userId, fresh.slug, signal)
        : { provider: fresh, problem: null }
    if (context.json) return terminal.json({ provider: providerJson(added), problem: reasonJson(translate, problem) })
    terminal.out(translate('cli.providers.added', { name: safe(added.name), slug: added.slug }))
    if (!added.here) terminal.note(translate('cli.providers.leaves', { host: safe(new URL(added.baseUrl).host) }))
    if (problem) terminal.note(textOf(translate, problem))
    for (const { id } of added.models) terminal.out(safe(`${added.slug}/${id}`))
  })
}

export async function testProvider(context: Context, slug: string): Promise<void> {
  const { terminal, translate, signal } = context
  await withLibrary(context, {}, async ({ core, userId }) => {
    const { provider, milliseconds, problem } = await core.providers.test(userId, slug, signal)
    if (problem) context.exitCode = 1
    if (context.json) {
      const shown = { provider: providerJson(provider), milliseconds, problem: reasonJson(translate, problem) }
      return terminal.json(shown)
    }
    if (problem) return terminal.out(textOf(translate, problem))
    const values = { name: safe(provider.name), milliseconds, count: provider.models.length }
    terminal.out(translate('cli.providers.answered', values))
    for (const { id } of provider.models) terminal.out(safe(`${slug}/${id}`))
  })
}

export async function removeProviders(context: Context, slugs: readonly string[]): Promise<void> {
  const { terminal, translate } = context
  await withLibrary(context, {}, async ({ core, userId }) => {
    const removed: string[] = []
    for (const slug of slugs) {
      try {
        await core.providers.remove(userId, slug)
      } catch (error) {
        if (slugs.length === 1) throw error
        context.exitCode = 1
        terminal.note(errorText(translate, toAppError(error)))
        continue
      }
      removed.push(slug)
      if (!context.json) terminal.out(translate('cli.providers.removed', { name: slug }))
    }
    if (context.json) terminal.json({ removed })
  })
}

async function readKey({ translate, signal }: Context, name: string): Promise<string> {
  if (process.stdin.isTTY)
    return (await askUnseen(translate('cli.providers.askKey', { name: safe(name) }), signal)).trim()
  let text = ''
  process.stdin.setEncoding('utf8')
  for await (const part of process.stdin) {
    text += part
    if (text.length > longestKey || text.includes('\n')) break
  }
  return text.split(/\r?\n/, 1)[0].trim()
}

function keyOf({ translate }: Context, { key, keyHint }: Provider): string {
  if (key === 'set') return translate('cli.providers.keySet', { hint: keyHint ?? '' })
  return translate(key === 'lost' ? 'cli.providers.keyLost' : 'cli.providers.keyNone')
}

function stateOf({ translate }: Context, { enabled, source }: Provider): string {
  if (source === 'environment') return translate('cli.providers.environment')
  return translate(enabled ? 'cli.providers.on' : 'cli.providers.off')
}

function providerJson({ listedAt, ...provider }: Provider): object {
  return { ...provider, listedAt: listedAt === null ? null : new Date(listedAt).toISOString() }
}
