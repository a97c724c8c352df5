import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { sentenceOf } from '../parts/problem.tsx'
import { Section } from '../parts/section.tsx'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { useProof } from './use-proof.tsx'

export function GitHubSection() {
  const words = useWords()
  const { client, account, toasts } = useApp()
  const { github } = useStore(account)
  const [ending, setEnding] = useState(false)
  const { proven, dialog } = useProof()
  const run = async (act: () => Promise<void>) => {
    try {
      await proven(act)
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
  }
  const connect = async () => location.assign((await client.auth.beginGitHub()).url)
  const end = async () => {
    await client.auth.removeGitHub()
    account.change(now => ({ ...now, github: false }))
  }
  return (
    <Section
      title={words('account.gitHub')}
      lead={words(github ? 'account.gitHubOn' : 'account.gitHubOff')}
      actions={
        github ? (
          <Button onClick={() => setEnding(true)}>{words('account.gitHubEnd')}</Button>
        ) : (
          <Button onClick={() => void run(connect)}>{words('account.gitHubConnect')}</Button>
        )
      }
    >
      <Confirm
        open={ending}
        title={words('account.gitHubEndAsk')}
        lead={words('account.gitHubEndLead')}
        action={words('account.gitHubEnd')}
        close={() => setEnding(false)}
        confirm={() => void run(end)}
      />
      {dialog}
    </Section>
  )
}
