import { useState } from 'react'
import type { ApiProvider } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { Problem } from '../parts/problem.tsx'
import { useWords } from '../words.tsx'
import { hostOf, isHere, Leaves } from './leaves.tsx'

/** As people know them; the first two speak the same language. */
const kinds = {
  ollama: { kind: 'openai-compatible', baseUrl: 'http://127.0.0.1:11434/v1', keyed: false },
  compatible: { kind: 'openai-compatible', baseUrl: '', keyed: true },
  anthropic: { kind: 'anthropic', baseUrl: 'https://api.anthropic.com/v1', keyed: true },
  xai: { kind: 'xai', baseUrl: 'https://api.x.ai/v1', keyed: true },
} as const
type Kind = keyof typeof kinds

/** Adds a server, or changes one. The key is sent and forgotten: it is never shown again. */
export function ProviderForm({
  provider,
  saved,
  close,
}: {
  provider: ApiProvider | null
  saved(provider: ApiProvider): void
  close(): void
}) {
  const words = useWords()
  const { client } = useApp()
  const [kind, setKind] = useState<Kind>('ollama')
  const [name, setName] = useState(provider?.name ?? '')
  const [baseUrl, setBaseUrl] = useState(provider?.baseUrl ?? kinds.ollama.baseUrl)
  const [key, setKey] = useState('')
  const [forget, setForget] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const host = hostOf(baseUrl)
  const fixed = !provider && kind !== 'ollama' && kind !== 'compatible'
  const chooseKind = (next: Kind) => {
    setKind(next)
    setBaseUrl(kinds[next].baseUrl)
  }
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      const named = name.trim()
      const given = key.trim()
      if (provider) {
        const moved = baseUrl.trim() !== provider.baseUrl
        saved(
          await client.providers.update({
            slug: provider.slug,
            ...(named && named !== provider.name && { name: named }),
            ...(moved && { baseUrl: baseUrl.trim() }),
            ...(forget ? { key: null } : given && { key: given }),
          }),
        )
      } else
        saved(
          await client.providers.add({
            kind: kinds[kind].kind,
            ...((named || kind === 'ollama') && { name: named || 'Ollama' }),
            ...(!fixed && { baseUrl: baseUrl.trim() }),
            ...(given && { key: given }),
          }),
        )
      close()
    } catch (thrown) {
      setError(thrown)
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      close={close}
      title={provider ? words('providers.changeTitle', { name: provider.name }) : words('providers.add')}
    >
      <form
        onSubmit={event => {
          event.preventDefault()
          void save()
        }}
      >
        {!provider && (
          <Field label={words('providers.kind')}>
            {ids => (
              <select
                {...ids}
                value={kind}
                onChange={event => chooseKind(event.target.value as Kind)}
                className={fieldLook}
              >
                {(Object.keys(kinds) as Kind[]).map(one => (
                  <option key={one} value={one}>
                    {words(`providers.kinds.${one}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {!fixed && (
          <Field
            label={words('providers.address')}
            hint={words(provider && provider.key !== 'none' ? 'providers.addressMoves' : 'providers.addressHint')}
          >
            {ids => (
              <input
                {...ids}
                type="url"
                required
                maxLength={2000}
                value={baseUrl}
                placeholder="https://"
                onChange={event => setBaseUrl(event.target.value)}
                className={fieldLook}
              />
            )}
          </Field>
        )}
        <Field
          label={words('providers.key')}
          hint={
            provider?.keyHint
              ? words('providers.keyKept', { hint: provider.keyHint })
              : words(!provider && kinds[kind].keyed ? 'providers.keyHint' : 'providers.keyMaybe')
          }
        >
          {ids => (
            <input
              {...ids}
              type="password"
              autoComplete="off"
              maxLength={4000}
              required={fixed}
              disabled={forget}
              value={key}
              onChange={event => setKey(event.target.value)}
              className={fieldLook}
            />
          )}
        </Field>
        {provider && provider.key !== 'none' && (
          <label className="mt-2 inline-flex min-h-10 items-center gap-2.5 text-sm">
            <input
              type="checkbox"
              checked={forget}
              onChange={event => setForget(event.target.checked)}
              className="size-5 accent-accent"
            />
            {words('providers.forgetKey')}
          </label>
        )}
        <Field label={words('providers.name')} hint={words('providers.nameHint')}>
          {ids => (
            <input
              {...ids}
              maxLength={100}
              value={name}
              onChange={event => setName(event.target.value)}
              className={fieldLook}
            />
          )}
        </Field>
        {host && (
          <div className="mt-5 rounded-xl bg-sunken px-4 py-3">
            <Leaves here={isHere(host)} host={host} />
          </div>
        )}
        {error !== null && <Problem error={error} />}
        <div className="mt-6 flex flex-wrap justify-end gap-3">
          <Button onClick={close}>{words('app.cancel')}</Button>
          <Button look="main" type="submit" disabled={busy}>
            {words(busy ? 'providers.asking' : provider ? 'app.save' : 'providers.addAction')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
