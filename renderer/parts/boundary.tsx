import { Component, type ReactNode } from 'react'
import { useWords } from '../words.tsx'
import { Button } from './button.tsx'

/**
 * Keeps the rest of the page when a part of it fails: most likely its program could not be fetched, because the server is
 * away or has been renewed meanwhile. React offers this to classes only. Give it a `key` to begin anew with another part.
 */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError() {
    return { failed: true }
  }

  override render() {
    if (!this.state.failed) return this.props.children
    return <Failed />
  }
}

function Failed() {
  const words = useWords()
  return (
    <div role="alert" className="m-4 max-w-xl rounded-xl bg-danger-soft px-4 py-3 text-sm sm:m-8">
      <p>{words('app.partFailed')}</p>
      <Button className="mt-3" onClick={() => location.reload()}>
        {words('app.reload')}
      </Button>
    </div>
  )
}
