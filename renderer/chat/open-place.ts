import type { Citation, Passage } from '../../shared/model/index.ts'
import { useApp } from '../app-context.ts'

/** Opens the page of a citation beside the chat, with its words marked. */
export function useOpenCitation({ documentId, page, where, quote, rects }: Citation): () => void {
  const { router } = useApp()
  return () => router.read({ documentId, page, part: where, mark: { kind: 'quote', quote, rects } })
}

/** A passage has no rectangles: its text is looked for on the page. */
export function useOpenPassage({ documentId, page, where, text }: Passage): () => void {
  const { router } = useApp()
  return () => router.read({ documentId, page, part: where, mark: { kind: 'passage', quote: text, rects: [] } })
}
