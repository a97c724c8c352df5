import { Component, type ReactNode } from 'react'
import { useWords } from '../words.tsx'
import { Button } from './button.tsx'

/**
 * Keeps the rest of the page when a part of it fails: most likely its program could not be fetched, because the server is
 * away or has been renewed meanwhile. React offers this to classes only. Give it a `key` to begin anew with
 * another part; a whole `page` needs its heading.
 */
export class Boundary extends Component<{ children: ReactNode; page?: boolean }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError() {
    return { failed: true }
  }

  override render() {
    if (!this.state.failed) return this.props.children
    return <Failed page={this.props.page ?? false} />
  }
}

function Failed({ page }: { page: boolean }) {
  const words = useWords()
  const Line = page ? 'h1' : 'p'
  return (
    <div role="alert" className="m-4 max-w-xl rounded-xl bg-danger-soft px-4 py-3 text-sm sm:m-8">
      <Line>{words('app.partFailed')}</Line>
      <Button className="mt-3" onClick={() => location.reload()}>
        {words('app.reload')}
      </Button>
    </div>
  )
}
