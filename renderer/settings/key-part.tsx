import { type FormEvent, useState } from 'react'
import type { DesktopAnswer, KeyState } from '../../shared/api/desktop.ts'
import { useApp } from '../app-context.ts'
import { answered, type Desktop } from '../desktop.ts'
import { Button } from '../parts/button.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { SecretField } from '../parts/secret-field.tsx'
import { useStore } from '../store.ts'
import { type Key, useWords } from '../words.tsx'

/** How the keys of providers are kept, and what is to be done where nothing but a passphrase protects them. */
export function KeyPart({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  const { toasts } = useApp()
  const { bridge } = desktop
  const key = useStore(desktop.key)
  const [setting, setSetting] = useState(false)
  // Of the environment: whoever set it there looks after it there.
  if (!key || (key.state === 'ready' && key.place === null)) return null
  const { state } = key
  /** Throws what main says is wrong. */
  const change = async (answer: Promise<DesktopAnswer<KeyState>>, done?: Key) => {
    const next = await answered(answer)
    desktop.key.set(next)
    setSetting(false)
    if (done && next.state === 'ready') toasts.show(words(done))
  }
  const isNews = state === 'open' || state === 'locked' || state === 'lost'
  return (
    <div className="mt-6">
      <h3 id="part-key" tabIndex={-1} className="scroll-mt-6 font-medium outline-none">
        {words('desktop.key.title')}
      </h3>
      {isNews ? (
        <div className={`mt-2 rounded-xl px-4 py-3 text-sm ${state === 'locked' ? 'bg-sunken' : 'bg-danger-soft'}`}>
          <p className="font-medium">{words(`desktop.key.${state}`)}</p>
          <p className="mt-1">{words(`desktop.key.${state}Detail`)}</p>
        </div>
      ) : (
        <p className="mt-1 text-sm text-soft">{words(state === 'none' ? 'desktop.key.none' : placeWord(key))}</p>
      )}
      {(state === 'open' || state === 'none') &&
        (setting ? (
          <Passphrase
            twice
            action={words('desktop.key.protect')}
            send={passphrase => change(bridge.protectKey({ passphrase }), 'desktop.key.protected')}
            cancel={() => setSetting(false)}
          />
        ) : (
          <Button className="mt-3" onClick={() => setSetting(true)}>
            {words('desktop.key.protect')}
          </Button>
        ))}
      {state === 'locked' && (
        <Passphrase
          action={words('desktop.key.unlock')}
          send={passphrase => change(bridge.unlockKey({ passphrase }), 'desktop.key.unlocked')}
        />
      )}
      {(state === 'locked' || state === 'lost') && (
        <GiveUp look={state === 'lost' ? 'plain' : 'quiet'} giveUp={() => change(bridge.giveUpKey())} />
      )}
    </div>
  )
}

const placeWord = ({ place }: KeyState) => `desktop.key.${place ?? 'file'}` as const

function GiveUp({ look, giveUp }: { look: 'plain' | 'quiet'; giveUp(): Promise<void> }) {
  const words = useWords()
  const [error, setError] = useState<unknown>(null)
  return (
    <>
      <Button
        look={look}
        className={look === 'quiet' ? 'mt-3 -ml-3' : 'mt-3'}
        onClick={() => {
          setError(null)
          giveUp().catch(setError)
        }}
      >
        {words('desktop.key.anew')}
      </Button>
      <FormProblem error={error} />
    </>
  )
}

function Passphrase({
  twice = false,
  action,
  send,
  cancel,
}: {
  /** One that is being chosen. */
  twice?: boolean
  action: string
  send(passphrase: string): Promise<void>
  cancel?: () => void
}) {
  const words = useWords()
  const [typed, setTyped] = useState('')
  const [again, setAgain] = useState('')
  const [differs, setDiffers] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [running, setRunning] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setError(null)
    setDiffers(twice && typed !== again)
    if (twice && typed !== again) return
    setRunning(true)
    try {
      await send(typed)
    } catch (thrown) {
      setError(thrown)
    } finally {
      setRunning(false)
    }
  }
  return (
    <form onSubmit={event => void submit(event)} className="max-w-md">
      <SecretField
        label={words('desktop.key.passphrase1')}
        {...(twice && { hint: words('desktop.key.keep') })}
        name="passphrase"
        value={typed}
        change={setTyped}
        fresh={twice}
        focus={twice}
      />
      {twice && (
        <SecretField
          label={words('desktop.key.passphrase2')}
          name="passphrase-again"
          value={again}
          change={setAgain}
          fresh
        />
      )}
      <p role="alert" className={differs ? 'mt-3 text-sm text-danger' : 'sr-only'}>
        {differs && words('desktop.key.differs')}
      </p>
      <FormProblem error={error} />
      <div className="mt-4 flex flex-wrap gap-2">
        <Button type="submit" look="main" disabled={running || typed === ''}>
          {action}
        </Button>
        {cancel && <Button onClick={cancel}>{words('app.cancel')}</Button>}
      </div>
    </form>
  )
}
