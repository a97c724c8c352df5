import { useWords } from '../words.tsx'

/** Without the key of the printed address there is nothing to see, but a word on how to get in. */
export function SignIn({ wrong }: { wrong: boolean }) {
  const words = useWords()
  return (
    <main className="mx-auto max-w-xl px-6 pt-[12vh] pb-16">
      <img src="/icon.svg" alt="" className="size-12" />
      <h1 className="mt-6 font-serif text-2xl">{words('signIn.title')}</h1>
      <p className="mt-2 text-read text-soft">{words('signIn.lead')}</p>
      {wrong && (
        <p role="alert" className="mt-6 rounded-xl bg-danger-soft px-4 py-3">
          {words('signIn.wrong')}
        </p>
      )}
      <p className="mt-8">{words('signIn.how')}</p>
      <p className="mt-3 overflow-x-auto rounded-lg border border-line bg-surface px-4 py-3 font-mono text-sm">
        {words('signIn.example', { origin: location.origin })}
      </p>
      <p className="mt-6 text-soft">{words('signIn.why')}</p>
      <p className="mt-3 text-soft">{words('signIn.again')}</p>
    </main>
  )
}
