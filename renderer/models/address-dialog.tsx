import { useState } from 'react'
import { ApiError } from '../../shared/api/api-error.ts'
import { toAppError } from '../../shared/errors.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { placeDownload } from '../queries.ts'
import { useWords } from '../words.tsx'
import { downloadId } from './use-models.ts'

/** A model from any address. */
export function AddressDialog({ close }: { close(): void }) {
  const words = useWords()
  const { client, queries } = useApp()
  const [source, setSource] = useState('')
  const [sha256, setSum] = useState('')
  const [error, setError] = useState<unknown>(null)
  const start = async () => {
    try {
      const sum = sha256.trim()
      const started = await client.downloads.start({ source: source.trim(), ...(sum && { sha256: sum }) })
      placeDownload(queries, started.name, started)
      close()
      // Behind the dialog, which gives the keyboard back to what opened it.
      setTimeout(() => document.getElementById(downloadId(started.name))?.focus(), 100)
    } catch (thrown) {
      const { code } = toAppError(thrown)
      // The server's words are for the command line, which takes names too.
      const detail = words('models.addressInvalid')
      setError(code === 'download-address' ? new ApiError({ code, status: 400, detail }) : thrown)
    }
  }
  return (
    <Dialog title={words('models.addressTitle')} lead={words('models.addressLead')} open close={close}>
      <form
        onSubmit={event => {
          event.preventDefault()
          void start()
        }}
      >
        <Field label={words('models.address')} error={error}>
          {ids => (
            <input
              {...ids}
              type="url"
              required
              maxLength={4000}
              value={source}
              placeholder="https://"
              onChange={event => setSource(event.target.value)}
              className={fieldLook}
            />
          )}
        </Field>
        <Field label={words('models.checksum')} hint={words('models.checksumHint')}>
          {ids => (
            <input
              {...ids}
              spellCheck={false}
              autoComplete="off"
              pattern="\s*[0-9a-fA-F]{64}\s*"
              title={words('models.checksumForm')}
              value={sha256}
              onChange={event => setSum(event.target.value)}
              className={`${fieldLook} font-mono text-sm`}
            />
          )}
        </Field>
        <div className="mt-6 flex flex-wrap justify-end gap-3">
          <Button onClick={close}>{words('app.cancel')}</Button>
          <Button look="main" type="submit" disabled={source.trim() === ''}>
            {words('models.get')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
